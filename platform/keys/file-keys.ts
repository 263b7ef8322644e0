import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, createSecretKey, hkdfSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmod, open, readFile, stat } from 'node:fs/promises';
import { p256 } from './p256-private-key.ts';
import { KeysError } from './keys.ts';
import type { Keys, SealPurpose, SigningKey, SigningPurpose } from './keys.ts';

/**
 * Keys from one file of 32 random bytes (mode 0600), made at the first start. Every other key is derived from it by HKDF-SHA256
 * (RFC 5869) with the tenant and the purpose as info, so that no key serves two tenants or two purposes.
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
    const mode = await stat(file).then((s) => s.mode & 0o077, () => undefined);
    if (mode === undefined) throw new KeysError('key_file_missing', `The key file ${file} is missing. Restore it from your backup: without it, stored content cannot be read.`);
    if (mode !== 0) throw new KeysError('key_file_exposed', `The key file ${file} can be read by others. Run: chmod 600 ${file}`);
    const root = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
    if (root.length !== 32) throw new KeysError('key_file_invalid', `The key file ${file} does not hold 32 bytes in base64.`);
    return new FileKeys(root);
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
    // The first generation is derived as it was before there were others.
    const derived = this.#derive(generation === 1 ? `sign/${purpose}` : `sign/${purpose}/${generation}`, tenantId);
    return purpose === 'policy_bundle' ? ecKey(p256(derived)) : ed25519Key(derived);
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

async function createKeyFile(file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (handle === undefined) return;
  await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
  await handle.sync();
  await handle.close();
  await chmod(file, 0o600);
}

function ecKey(privateKey: KeyObject): SigningKey {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>;
  const publicJwk = { kty: kty!, crv: crv!, x: x!, y: y! };
  return {
    kid: thumbprint({ crv: crv!, kty: kty!, x: x!, y: y! }),
    algorithm: 'ES256',
    publicJwk,
    sign: (bytes) => Promise.resolve(sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}

function ed25519Key(seed: Buffer): SigningKey {
  // PKCS #8 of an Ed25519 seed (RFC 8410): a fixed prefix, then the 32 bytes.
  const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>;
  return {
    kid: thumbprint({ crv: crv!, kty: kty!, x: x! }),
    algorithm: 'EdDSA',
    publicJwk: { kty: kty!, crv: crv!, x: x! },
    sign: (bytes) => Promise.resolve(sign(null, bytes, privateKey)),
  };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
function thumbprint(members: Record<string, string>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
