import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Kek, WrapContext } from './kek.ts';
import { readKeyFile } from './key-file.ts';
import { KeysError } from './keys.ts';

/** The root key of a cell on one machine: derived from its key file for wrapping alone (HKDF-SHA256), and AES-256-GCM under that. */
export class FileKek implements Kek {
  readonly id: string;
  readonly #key: KeyObject;

  private constructor(key: Buffer) {
    // Tells files apart without telling of what is in them: a digest of the derived key, cut short.
    this.id = `file:${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
    this.#key = createSecretKey(key);
  }

  /** @throws KeysError `key_file_missing`, `key_file_exposed`, `key_file_invalid` */
  static async open(file: string): Promise<FileKek> {
    return new FileKek(Buffer.from(hkdfSync('sha256', await readKeyFile(file), 'countersign/v2', 'wrap', 32)));
  }

  wrap(context: WrapContext, plain: Uint8Array): Promise<Uint8Array> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(additionalData(context));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Promise.resolve(Buffer.concat([nonce, cipher.getAuthTag(), body]));
  }

  async unwrap(context: WrapContext, wrapped: Uint8Array): Promise<Uint8Array> {
    const bytes = Buffer.from(wrapped);
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) throw new KeysError('unwrap_failed', 'Not a wrapped key.');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(additionalData(context));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new KeysError('unwrap_failed', `A key of ${context.tenant_id} for ${context.purpose} was not wrapped by ${this.id}, or was altered.`, { cause });
    }
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function additionalData({ tenant_id, purpose, generation }: WrapContext): Buffer {
  return Buffer.from(JSON.stringify([tenant_id, purpose, generation]));
}
