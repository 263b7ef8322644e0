import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createKeyFile, readKeyFile } from './key-file.ts';
import { p256 } from './p256-private-key.ts';
import { KeysError } from './keys.ts';
import type { Keys, SealPurpose, SigningKey, SigningPurpose } from './keys.ts';
import { ed25519From, signingKeyOf } from './signing-key.ts';

/**
 * Keys from one file of 32 random bytes (mode 0600), made at the first start. Every other key is derived from it by HKDF-SHA256
 * (RFC 5869) with the tenant and the purpose as info, so that no key serves two tenants or two purposes. What is derived can be derived again:
 * nothing under these keys can be shredded with its key, which is why the planes seal by `EnvelopeKeys` and only open by these.
 */
export class FileKeys implements Keys {
  readonly #root: Buffer;
  /** Derived before, because a derivation costs more than sealing. The root is in memory anyway. */
  readonly #derived = new Map<string, Buffer>();
  /** Those that seal, made ready: from its bytes anew for each message, a key costs twice what the sealing does. */
  readonly #sealing = new Map<string, KeyObject>();

  private constructor(root: Buffer) {
    this.#root = root;
  }

  /** Opens the key file, and makes it when it is missing and `create` is set. */
  static async open(file: string, options: { create: boolean }): Promise<FileKeys> {
    if (options.create) await createKeyFile(file);
    return new FileKeys(await readKeyFile(file));
  }

  async seal(tenantId: string, purpose: SealPurpose, context: string, plain: Uint8Array): Promise<Uint8Array> {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#sealingKey(purpose, tenantId), nonce);
    cipher.setAAD(Buffer.from(context));
    const body = cipher.update(plain);
    cipher.final();
    return Buffer.concat([VERSION_BYTE, nonce, cipher.getAuthTag(), body]);
  }

  async unseal(tenantId: string, purpose: SealPurpose, context: string, sealed: Uint8Array): Promise<Uint8Array> {
    const bytes = Buffer.from(sealed);
    if (bytes[0] !== VERSION || bytes.length < HEADER_BYTES) throw new KeysError('unseal_failed', 'Not a sealed value.');
    const decipher = createDecipheriv('aes-256-gcm', this.#sealingKey(purpose, tenantId), bytes.subarray(1, 13));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(13, HEADER_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new KeysError('unseal_failed', `A sealed ${purpose} could not be opened: wrong key, tenant or context, or altered bytes.`, { cause });
    }
  }

  async signingKey(tenantId: string, purpose: SigningPurpose, generation = 1): Promise<SigningKey> {
    return signingKeyOf(this.privateKey(tenantId, purpose, generation));
  }

  privateKey(tenantId: string, purpose: SigningPurpose, generation: number): KeyObject {
    // The first generation is derived as it was before there were others.
    const derived = this.#derive(generation === 1 ? `sign/${purpose}` : `sign/${purpose}/${generation}`, tenantId);
    return purpose === 'policy_bundle' ? p256(derived) : ed25519From(derived);
  }

  #sealingKey(purpose: SealPurpose, tenantId: string): KeyObject {
    const info = `${purpose}/${tenantId}`;
    const known = this.#sealing.get(info);
    if (known !== undefined) return known;
    const key = createSecretKey(this.#derive(`seal/${purpose}`, tenantId));
    if (this.#sealing.size >= MAX_DERIVED) this.#sealing.clear();
    this.#sealing.set(info, key);
    return key;
  }

  #derive(purpose: string, tenantId: string): Buffer {
    const info = `${purpose}/${tenantId}`;
    const known = this.#derived.get(info);
    if (known !== undefined) return known;
    const derived = Buffer.from(hkdfSync('sha256', this.#root, 'countersign/v1', info, 32));
    if (this.#derived.size >= MAX_DERIVED) this.#derived.clear();
    this.#derived.set(info, derived);
    return derived;
  }
}

const VERSION = 1;
const MAX_DERIVED = 10_000;
const VERSION_BYTE = Buffer.from([VERSION]);
const HEADER_BYTES = 1 + 12 + 16;
