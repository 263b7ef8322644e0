import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/**
 * Encryption to one recipient's P-256 key: a compact JWE (RFC 7516), ECDH-ES with A256GCM and nothing else. `from` and `to` are agreed on in the key
 * derivation (RFC 7518, 4.6.2), so that what was sealed for one cannot be given to another under the same key.
 */
const ALGORITHM = 'ECDH-ES';
const CIPHER = 'A256GCM';

/** The private key of a recipient. */
export type UnsealingKey = CryptoKey;

export interface Parties {
  readonly from: string;
  readonly to: string;
}

/** @param jwk the recipient's public key: `{kty: EC, crv: P-256, x, y}` */
export async function sealTo(jwk: Readonly<Record<string, string>>, { from, to }: Parties, clear: Uint8Array): Promise<string> {
  const { kty, crv, x, y } = jwk;
  const key = await importJWK({ kty, crv, x, y } as JWK, ALGORITHM);
  return new CompactEncrypt(clear)
    .setProtectedHeader({ alg: ALGORITHM, enc: CIPHER })
    .setKeyManagementParameters({ apu: Buffer.from(from), apv: Buffer.from(to) })
    .encrypt(key);
}

/** The private key that `unsealFrom` takes. */
export async function unsealingKey(jwk: Readonly<Record<string, string>>): Promise<UnsealingKey> {
  return await importJWK(jwk as JWK, ALGORITHM) as CryptoKey;
}

/** What was sealed; undefined where it was not sealed to this key from and to these parties, or a bit of it is another. */
export async function unsealFrom(key: UnsealingKey, { from, to }: Parties, sealed: string): Promise<Uint8Array | undefined> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, { keyManagementAlgorithms: [ALGORITHM], contentEncryptionAlgorithms: [CIPHER] });
    const { apu, apv, zip } = protectedHeader as { apu?: string; apv?: string; zip?: string };
    const isOurs = apu === base64url(from) && apv === base64url(to) && zip === undefined;
    return isOurs ? plaintext : undefined;
  } catch {
    return undefined;
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
