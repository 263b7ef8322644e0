import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningKey } from '../../keys/keys.ts';
import { BundleError } from './errors.ts';

/** What signs bundles: an ES256 key of the keys port (OPA verifies no EdDSA). */
export type BundleSigningKey = Pick<SigningKey, 'kid' | 'algorithm' | 'sign'>;

/** A public key as the `signing_keys` table and the keys port hold it. */
export interface VerificationJwk {
  readonly kid: string;
  readonly algorithm: string;
  readonly public_jwk: Readonly<Record<string, string>>;
}

/** Keys that a bundle may be signed with, by key id. Two or more while keys rotate. */
export type VerificationKeys = ReadonlyMap<string, KeyObject>;

/**
 * The keys of a tenant, ready to verify with. What the key is for comes from here and never from a bundle: only ES256 keys on
 * P-256 are taken, so a bundle cannot choose a weaker algorithm.
 */
export function verificationKeys(jwks: readonly VerificationJwk[]): VerificationKeys {
  return new Map(jwks.map((jwk) => [jwk.kid, es256Key(jwk)]));
}

function es256Key({ kid, algorithm, public_jwk }: VerificationJwk): KeyObject {
  if (algorithm !== 'ES256' || public_jwk['kty'] !== 'EC' || public_jwk['crv'] !== 'P-256') {
    throw new BundleError('bundle_key_unknown', `the key ${kid} is not an ES256 key on P-256: bundles are signed with nothing else`);
  }
  const { kty, crv, x, y } = public_jwk;
  return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
}
