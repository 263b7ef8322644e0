import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { packBundle } from './archive.ts';
import type { BundleFiles } from './archive.ts';
import { verificationKeys } from './keys.ts';
import type { BundleSigningKey, VerificationKeys } from './keys.ts';
import { assembleBundle, readBundleParts } from './parts.ts';
import { signBundle } from './sign.ts';
import type { BundleClaims, SignedBundle } from './sign.ts';

export const POLICIES = join(import.meta.dirname, '..', '..', '..', 'policies');
export const TENANT = 'ten_1';
export const SCOPE = 'prod';

export interface TestKey {
  readonly signing: BundleSigningKey;
  readonly verification: VerificationKeys;
  readonly public_pem: string;
}

/** A real ES256 key pair, as the keys port would hand it out. */
export function testKey(kid: string): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    signing: { kid, algorithm: 'ES256', sign: async (bytes) => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }) },
    verification: verificationKeys([{ kid, algorithm: 'ES256', public_jwk: publicKey.export({ format: 'jwk' }) as Record<string, string> }]),
    public_pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

/** Claims of a bundle that is signed at `now` and good for an hour. */
export function testClaims(now: Date, changes: Partial<BundleClaims> = {}): BundleClaims {
  const now_s = Math.floor(now.getTime() / 1000);
  return { tenant: TENANT, scope: SCOPE, seq: 1, jti: 'bdl_1', iat: now_s, nbf: now_s - 60, exp: now_s + 3600, ...changes };
}

/** The seeded policies, ready to sign. */
export async function seededFiles(revision = 'base-itsm@test'): Promise<BundleFiles> {
  return assembleBundle(await readBundleParts(POLICIES, 'base-itsm'), revision);
}

export async function seededBundle(key: BundleSigningKey, claims: BundleClaims): Promise<SignedBundle> {
  return signBundle({ files: await seededFiles(), claims, key });
}

/** The same archive with one file added, replaced or (null) taken away: what somebody without the key can do. */
export function withFile(files: BundleFiles, name: string, content: Uint8Array | null): Uint8Array {
  const changed = new Map(files);
  if (content === null) changed.delete(name);
  else changed.set(name, content);
  return packBundle(changed);
}
