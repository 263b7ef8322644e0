import type { Schemas } from '../api/client.ts';
import { countOf } from '../format/count.ts';

/** One thing that a sign-in by a provider rests on, and whether it holds. `must`: without it nobody comes in. */
export interface Check {
  readonly holds: boolean;
  readonly must: boolean;
  readonly says: string;
}

/** What a provider says of itself, as what it means for signing in. */
export function checksOf(found: Schemas['IdentityProviderTest'], wanted: Pick<Schemas['IdentityProvider'], 'issuer' | 'algorithm'>): Check[] {
  const algorithms = found.algorithms.join(', ') || 'none';
  return [
    { must: true, holds: found.issuer === wanted.issuer, says: found.issuer === wanted.issuer ? 'It calls itself by the issuer that is set.' : `It calls itself ${found.issuer}, and not ${wanted.issuer}.` },
    { must: true, holds: found.authorization_endpoint !== null && found.token_endpoint !== null, says: found.authorization_endpoint === null || found.token_endpoint === null ? 'It names no endpoint to sign in at, or none for tokens.' : 'It names where people sign in, and where tokens are had.' },
    { must: true, holds: found.keys > 0, says: found.keys > 0 ? `Its key set has ${countOf(found.keys, 'key')}.` : 'Its key set has no key.' },
    { must: true, holds: found.algorithm_supported, says: found.algorithm_supported ? `It signs by ${wanted.algorithm}, as is set.` : `It does not say that it signs by ${wanted.algorithm}. It signs by: ${algorithms}.` },
    { must: false, holds: found.pkce_supported, says: found.pkce_supported ? 'It checks PKCE (S256).' : 'It does not say that it checks PKCE (S256). It is sent all the same.' },
    { must: false, holds: found.names_issuer_in_answers, says: found.names_issuer_in_answers ? 'Its answers name who gave them (RFC 9207).' : 'Its answers do not name who gave them (RFC 9207): what comes back is bound to it by the attempt alone.' },
  ];
}
