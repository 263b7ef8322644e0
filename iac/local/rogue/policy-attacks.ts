import { CELL_KEY, keySet, signedKeySet, signingPair } from '@countersign/agent/orders/testing/orders.ts';
import { agentBundle, BUNDLE_KEY, bundlePair, keySetWith } from '@countersign/agent/policy/testing/bundles.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { packBundle } from '@countersign/platform/opa/bundle/archive.ts';
import { seededFiles } from '@countersign/platform/opa/bundle/testing.ts';
import type { SignedBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { KEY_SET_SEQ } from './rogue-cell.ts';
import { POLICY_SEQ } from './ticket-orders.ts';

/** A bundle that must not decide. Signed by the right key unless it says otherwise. */
export interface PolicyAttack {
  readonly name: string;
  readonly code: string;
  readonly bundle: (now: Date) => Promise<Pick<SignedBundle, 'bytes' | 'digest'>>;
}

/** Keys that must not be believed. */
export interface KeyAttack {
  readonly name: string;
  readonly envelope: () => DsseEnvelope;
}

/** Whoever has brought keys of its own signs with this one. */
export const ROGUE_KEY = signingPair('wo-1');
const NEXT = POLICY_SEQ + 1;
const HOUR_S = 3_600;

export const POLICY_ATTACKS: readonly PolicyAttack[] = [
  { name: 'policy that was rolled back', code: 'bundle_rolled_back', bundle: (now) => agentBundle(now, { seq: POLICY_SEQ - 1 }) },
  { name: 'policy that is stale', code: 'bundle_expired', bundle: (now) => {
    const now_s = Math.floor(now.getTime() / 1_000);
    return agentBundle(now, { seq: NEXT, iat: now_s - 2 * HOUR_S, nbf: now_s - 2 * HOUR_S, exp: now_s - HOUR_S });
  } },
  { name: 'policy without a signature', code: 'bundle_unsigned', bundle: async () => {
    const bytes = packBundle(await seededFiles('unsigned'));
    return { bytes, digest: 'sha256:unsigned' };
  } },
  { name: 'policy signed by a key of nobody, under the name of the right one', code: 'bundle_signature_invalid', bundle: (now) => agentBundle(now, { seq: NEXT }, { pair: bundlePair(BUNDLE_KEY.inKeySet.kid) }) },
  { name: 'policy of another tenant', code: 'bundle_wrong_tenant', bundle: (now) => agentBundle(now, { seq: NEXT, tenant: newId('tenant') }) },
  { name: 'policy of another environment', code: 'bundle_wrong_scope', bundle: (now) => agentBundle(now, { seq: NEXT, scope: newId('environment') }) },
];

export const KEY_ATTACKS: readonly KeyAttack[] = [
  { name: 'keys that were rolled back', envelope: () => signedKeySet(keySetWith(KEY_SET_SEQ - 1, [BUNDLE_KEY.inKeySet]), CELL_KEY) },
  { name: 'keys of its own, signed by one of them', envelope: () => signedKeySet(keySet(KEY_SET_SEQ + 1, [ROGUE_KEY]), ROGUE_KEY) },
];
