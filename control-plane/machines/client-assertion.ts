import { hash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { keyedClientId, parseKeyedClientId } from '../identity/tokens.ts';
import type { KeyedClient } from '../identity/tokens.ts';
import { findClientKeys, useAssertionId } from './repository-client-keys.ts';
import type { ClientKeyRow } from './repository-client-keys.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const CLOCK_TOLERANCE_S = 60;
/** Made for one request: nobody needs one for longer. */
const MAX_AGE_S = 300;
const MAX_LENGTH = 8_192;

/** Whom an assertion says that it is of, not yet believed; null where it says nothing of the kind. */
export function claimedClient(assertion: string): KeyedClient | null {
  if (assertion.length > MAX_LENGTH) return null;
  try {
    const { iss, sub } = decodeJwt<{ iss?: unknown; sub?: unknown }>(assertion);
    return typeof iss === 'string' && iss === sub ? parseKeyedClientId(iss) : null;
  } catch {
    return null;
  }
}

/**
 * Whether a client has made this assertion (RFC 7523, 3): signed with one of its keys, in that key's algorithm, for one of `audiences` and nobody
 * beside, minutes ago at most, and never seen before.
 */
export async function isMadeBy(tx: Transaction, client: KeyedClient, assertion: string, audiences: readonly string[]): Promise<boolean> {
  const { tenantId, id } = client;
  const keys = await tx.rows<ClientKeyRow>(findClientKeys, [tenantId, id]);
  const claims = await claimsOf(assertion, keys, keyedClientId(client), audiences);
  if (claims === null || typeof claims.jti !== 'string' || claims.jti === '') return false;
  // The raw token would be no such id: some of its texts decode to the same bytes.
  return await tx.change(useAssertionId, [tenantId, id, hash('sha256', claims.jti, 'hex'), new Date((claims.exp ?? 0) * 1_000)]) === 1;
}

async function claimsOf(assertion: string, keys: readonly ClientKeyRow[], client: string, audiences: readonly string[]): Promise<JWTPayload | null> {
  try {
    const { kid } = decodeProtectedHeader(assertion);
    const [only] = keys;
    const key = kid === undefined && keys.length === 1 ? only : keys.find((one) => one.kid === kid);
    if (key === undefined) return null;
    const { payload } = await jwtVerify(assertion, await importJWK(key.public_jwk, key.algorithm), {
      issuer: client, subject: client, audience: [...audiences], algorithms: [key.algorithm], clockTolerance: CLOCK_TOLERANCE_S, maxTokenAge: MAX_AGE_S, requiredClaims: ['exp', 'iat', 'jti'],
    });
    const isLong = (payload.exp ?? 0) - (payload.iat ?? 0) > MAX_AGE_S;
    // One that another server is meant by as well could come from there.
    return isLong || [payload.aud].flat().length !== 1 ? null : payload;
  } catch {
    return null;
  }
}
