import type { EvidenceKey } from '@countersign/contracts/evidence/bundle.ts';
import { originOfChain } from '@countersign/contracts/transparency/checkpoint.ts';
import { formatVerifierKey, verifierKeyOfJwk } from '@countersign/contracts/transparency/note.ts';

export interface SigningKeyRecord {
  readonly kid: string;
  readonly purpose: EvidenceKey['purpose'];
  readonly algorithm: string;
  readonly public_jwk: Readonly<Record<string, string>>;
  readonly revoked_at: Date | null;
  readonly compromised_since: Date | null;
}

/** The tenant's public keys as evidence shows them, with what is known against them; those of checkpoints also as tools of others take them. */
export function shownKeys(keys: readonly SigningKeyRecord[], chain: string): EvidenceKey[] {
  return keys.map(({ kid, purpose, algorithm, public_jwk, revoked_at, compromised_since }) => {
    const verifier = purpose === 'checkpoint' ? verifierKeyOfJwk(originOfChain(chain), public_jwk) : null;
    return {
      kid, purpose, algorithm, public_jwk,
      ...(revoked_at === null ? {} : { revoked_at: revoked_at.toISOString(), compromised_since: compromised_since?.toISOString() ?? null }),
      ...(verifier === null ? {} : { vkey: formatVerifierKey(verifier) }),
    };
  });
}
