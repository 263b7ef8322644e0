import type { JSONWebKeySet } from 'jose';
import type { IDToken } from 'openid-client';
import type { SignInStrength } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { ProviderRow } from './queries.ts';

/** Authentication methods (RFC 8176) by what they prove: what somebody knows, has, or is. Two of one kind are one factor. */
const FACTORS: Readonly<Record<string, 'knows' | 'has' | 'is'>> = {
  pwd: 'knows', pin: 'knows', kba: 'knows',
  otp: 'has', sms: 'has', tel: 'has', hwk: 'has', swk: 'has', sc: 'has', pop: 'has',
  fpt: 'is', face: 'is', iris: 'is', retina: 'is', vbm: 'is',
};
const MAX_GROUPS = 500;

/** What an ID token says, reduced to what is used here. */
export interface Identity {
  readonly subject: string;
  readonly name: string | null;
  /** Only where the provider says that it is the person's: `email_verified` is true, and not the text "true". */
  readonly verifiedEmail: string | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** When the person really signed in at the provider; null where it does not say. */
  readonly authenticatedAt: Date | null;
  /** Null: the provider was not asked for groups, or named none. */
  readonly groups: readonly string[] | null;
}

/**
 * Checks the signature of an ID token by the keys that the issuer has now, with the algorithm of the provider's settings and no other.
 * Everything else about the token was checked before (issuer, audience, nonce, times).
 *
 * @throws the error of `jose` where no key of the issuer made the signature
 */
export async function verifySignature(idToken: string, keys: JSONWebKeySet, algorithm: string): Promise<void> {
  const { compactVerify, createLocalJWKSet, errors } = await import('jose');
  try {
    await compactVerify(idToken, createLocalJWKSet(keys), { algorithms: [algorithm] });
  } catch (error) {
    // An issuer may publish several keys without ids: one of them must fit.
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // A key that cannot be read, or is too short, has signed nothing.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw new errors.JWSSignatureVerificationFailed('a key of the issuer cannot be used', { cause: error });
    for await (const key of error) {
      if (await compactVerify(idToken, key, { algorithms: [algorithm] }).then(() => true, () => false)) return;
    }
    throw error;
  }
}

/** Reads the claims of a token that was checked. */
export function identityOf(claims: IDToken, { groups_claim }: Pick<ProviderRow, 'groups_claim'>): Identity {
  const groups = groups_claim === null ? undefined : claims[groups_claim];
  return {
    subject: claims.sub,
    name: textOf(claims['name']) ?? textOf(claims['preferred_username']),
    verifiedEmail: claims['email_verified'] === true ? textOf(claims['email']) : null,
    acr: textOf(claims.acr),
    amr: textsOf(claims.amr),
    authenticatedAt: typeof claims.auth_time === 'number' ? new Date(claims.auth_time * 1000) : null,
    groups: Array.isArray(groups) ? textsOf(groups).slice(0, MAX_GROUPS) : null,
  };
}

/** How sure we are of a person whom the provider vouches for in this way. */
export function strengthOf({ acr, amr }: Pick<Identity, 'acr' | 'amr'>, { mfa_acr_values }: Pick<ProviderRow, 'mfa_acr_values'>): SignInStrength {
  const factors = new Set(amr.map((method) => (Object.hasOwn(FACTORS, method) ? FACTORS[method] : undefined)).filter((factor) => factor !== undefined));
  return amr.includes('mfa') || factors.size > 1 || (acr !== null && mfa_acr_values.includes(acr)) ? 'mfa' : 'oidc';
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 320 && !value.includes('\0') ? value : null;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf).filter((text) => text !== null) : [];
}
