import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { JWK } from 'jose';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** The public key of a client, as it is kept: what it signs with follows from it, and is never read from what it has signed. */
export interface ClientKey {
  /** The thumbprint of RFC 7638. */
  readonly kid: string;
  readonly algorithm: 'ES256' | 'EdDSA' | 'PS256';
  readonly publicJwk: JWK;
}

const MIN_RSA_BITS = 2_048;
/** Members of private and symmetric keys (RFC 7518, 6; RFC 8037, 2). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** @throws ApiError `request_invalid` for what is no public key that we verify with; a private one is refused before anything of it is kept */
export async function readClientKey(given: Readonly<Record<string, unknown>>): Promise<ClientKey> {
  if (PRIVATE.some((member) => member in given)) throw wrong('private', 'This is a private or symmetric key, which is yours alone. Send the public one, and make a new pair: this one has left your hands.');
  const key = importedKey(given);
  const algorithm = algorithmOf(key);
  if (algorithm === null) throw wrong('not_supported', `Use P-256, Ed25519, or RSA of at least ${MIN_RSA_BITS} bits.`);
  const publicJwk = key.export({ format: 'jwk' }) as JWK;
  return { kid: await calculateJwkThumbprint(publicJwk), algorithm, publicJwk };
}

function importedKey(given: Readonly<Record<string, unknown>>): KeyObject {
  try {
    return createPublicKey({ key: given as JsonWebKey, format: 'jwk' });
  } catch {
    throw wrong('not_a_key', 'This is no JSON Web Key (RFC 7517).');
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): ClientKey['algorithm'] | null {
  if (type === 'ed25519') return 'EdDSA';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  return type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS ? 'PS256' : null;
}

function wrong(code: string, message: string): ApiError {
  return new ApiError('request_invalid', 'The key cannot be used.', { errors: [{ field: '/public_jwk', code, message }] });
}
