import { decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { unmet } from './conditions.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { OauthError } from './oauth-error.ts';
import type { FederationRow } from './repository-federations.ts';

/** What a CI system signs with; which one is never read from the token alone: a symmetric one, or none, is not among them. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 60;
const MAX_AGE_S = 3_600;
const MAX_TOKEN_LENGTH = 16_384;

export type FailedCheck = 'format' | 'issuer' | 'keys' | 'signature' | 'audience' | 'time' | 'condition';

/** What is wrong with a token for a federation; `condition` names the place of the condition. */
export interface Failure {
  readonly check: FailedCheck;
  readonly detail: string;
}

/** The issuer that a token says it is from, not yet believed; null where it is no JWT. */
export function claimedIssuer(token: string): string | null {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  try {
    const { iss } = decodeJwt<{ iss?: unknown }>(token);
    // Nobody has checked what it is, and it is looked for in the database.
    return typeof iss === 'string' && !iss.includes('\0') ? iss : null;
  } catch {
    return null;
  }
}

/**
 * Checks a token against one federation: its issuer's signature, its audience, that it is less than an hour old and not over, then every
 * condition. Gives its claims, or all that is wrong.
 */
export async function checkToken(token: string, federation: Pick<FederationRow, 'issuer' | 'audience' | 'conditions'>, keys: IssuerKeys): Promise<{ readonly claims: JWTPayload } | { readonly failed: readonly Failure[] }> {
  const issuer = claimedIssuer(token);
  if (issuer === null) return { failed: [{ check: 'format', detail: 'This is no JSON Web Token.' }] };
  if (issuer !== federation.issuer) return { failed: [{ check: 'issuer', detail: 'The token is of another issuer.' }] };
  const verified = await verify(token, federation, keys);
  if ('failed' in verified) return verified;
  const missing = unmet(federation.conditions, verified.claims);
  if (missing.length === 0) return verified;
  return { failed: missing.map((index) => ({ check: 'condition', detail: `Condition ${index + 1} does not hold: the claim ${federation.conditions[index]?.claim ?? ''} is another, or is not there.` })) };
}

async function verify(token: string, { issuer, audience }: Pick<FederationRow, 'issuer' | 'audience'>, keys: IssuerKeys): Promise<{ readonly claims: JWTPayload } | { readonly failed: readonly Failure[] }> {
  try {
    const { payload } = await jwtVerify(token, await keys.of(issuer), {
      issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S, maxTokenAge: MAX_AGE_S, requiredClaims: ['exp', 'iat', 'sub'],
    });
    return { claims: payload };
  } catch (error) {
    return { failed: [failureOf(error)] };
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof OauthError) return { check: 'keys', detail: error.message };
  if (error instanceof errors.JWTExpired) return { check: 'time', detail: 'The token is over.' };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'aud' ? { check: 'audience', detail: 'The token is for another audience.' } : { check: 'time', detail: `The claim ${error.claim} is missing or not acceptable.` };
  }
  if (error instanceof errors.JOSEError) return { check: 'signature', detail: 'The signature is not one of the issuer\'s keys, or its algorithm is not accepted.' };
  // The keys were found before, and cannot be fetched now.
  return { check: 'keys', detail: 'The keys of the issuer cannot be had.' };
}
