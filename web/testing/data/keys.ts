import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { hexOf, idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface KeysState {
  signing: Schemas['PublicKey'][];
  sealing: Schemas['DataKey'][];
}

/** A bundle key that only verifies, a checkpoint key that is published and does not sign yet, and one that was revoked. */
export function keysState(): KeysState {
  return {
    signing: [
      keyOf('policy_bundle', 'now', 'ES256'), { ...keyOf('policy_bundle', 'before', 'ES256'), state: 'verifying', retires_at: at(600_000) },
      keyOf('checkpoint', 'now', 'EdDSA'), { ...keyOf('checkpoint', 'next', 'EdDSA'), state: 'upcoming', created_at: at(-60_000), not_before: at(3_540_000) },
      keyOf('evidence', 'now', 'EdDSA'), { ...keyOf('evidence', 'lost', 'EdDSA'), state: 'revoked', revoked_at: at(-DAY_MS), compromised_since: at(-2 * DAY_MS) },
    ],
    sealing: [sealOf('content', 2, 'sealing'), sealOf('content', 1, 'opening'), sealOf('credential', 1, 'sealing')],
  };
}

export function keyOf(purpose: Schemas['SigningPurpose'], which: string, algorithm: 'ES256' | 'EdDSA'): Schemas['PublicKey'] {
  return {
    kid: `${purpose}-${hexOf(purpose + which).slice(0, 16)}`, purpose, algorithm, state: 'signing', created_at: at(-9 * DAY_MS), not_before: at(-9 * DAY_MS), retires_at: null, retired_at: null, revoked_at: null, compromised_since: null,
    public_jwk: { kty: algorithm === 'ES256' ? 'EC' : 'OKP', crv: algorithm === 'ES256' ? 'P-256' : 'Ed25519', x: Buffer.from(hexOf(purpose + which), 'hex').toString('base64url') },
  };
}

export function sealOf(purpose: Schemas['SealPurpose'], generation: number, state: Schemas['DataKey']['state']): Schemas['DataKey'] {
  return {
    id: idOf('data_key', `${purpose} ${generation}`), purpose, generation, state, kek: 'file:3f9a1c07d2e84b55', seals: 1_204 * generation, created_at: at(-9 * DAY_MS * (3 - generation)), rewrapped_at: null,
    superseded_at: state === 'opening' ? at(-9 * DAY_MS) : null, shredded_at: null,
  };
}

/** What a key signed: the newest after it was lost, where it was. */
export function signaturesOf({ purpose, compromised_since }: Schemas['PublicKey']): Schemas['KeySignature'][] {
  const kind = purpose === 'policy_bundle' || purpose === 'checkpoint' || purpose === 'evidence' ? purpose : 'evidence_package';
  return [1, 2, 3].map((nth) => ({ kind, id: idOf('evidence', `${purpose} ${nth}`), at: at(-nth * DAY_MS), after_compromise: compromised_since !== null && nth < 2 }));
}
