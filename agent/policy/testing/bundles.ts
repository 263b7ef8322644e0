import { generateKeyPairSync, sign } from 'node:crypto';
import type { AgentKey } from '@countersign/contracts/agent/key-set.ts';
import { seededFiles } from '@countersign/platform/opa/bundle/testing.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { BundleClaims, SignedBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { CELL_KEY, keySet, SELF, signedKeySet } from '../../orders/testing/orders.ts';
import { HeldKeys } from '../../orders/held-keys.ts';

export interface BundlePair {
  readonly inKeySet: AgentKey;
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

export function bundlePair(kid: string): BundlePair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    inKeySet: { kid, purpose: 'policy_bundle', algorithm: 'ES256', jwk: publicKey.export({ format: 'jwk' }) as Record<string, string>, revoked: false },
    sign: async (bytes) => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

/** The key that the cell of the tests signs its bundles with. */
export const BUNDLE_KEY = bundlePair('pb-1');

export function keySetWith(seq: number, bundleKeys: readonly AgentKey[]): ReturnType<typeof keySet> {
  const set = keySet(seq, [CELL_KEY]);
  return { ...set, keys: [...set.keys, ...bundleKeys] };
}

/** Keys as an agent holds them after its enrolment. */
export function heldKeys(bundleKeys: readonly AgentKey[] = [BUNDLE_KEY.inKeySet]): HeldKeys {
  return HeldKeys.first(signedKeySet(keySetWith(1, bundleKeys), CELL_KEY), SELF.tenant_id)!;
}

/** A bundle for the agent of the tests, good for an hour from `now`; the seeded policies where no others are given. */
export async function agentBundle(now: Date, changes: Partial<BundleClaims> = {}, { pair = BUNDLE_KEY, files }: { readonly pair?: BundlePair; readonly files?: BundleFiles } = {}): Promise<SignedBundle> {
  const now_s = Math.floor(now.getTime() / 1000);
  const claims: BundleClaims = { tenant: SELF.tenant_id, scope: SELF.environment_id, seq: 4, jti: 'bdl_1', iat: now_s, nbf: now_s - 60, exp: now_s + 3600, ...changes };
  return signBundle({ files: files ?? await seededFiles(), claims, key: { kid: pair.inKeySet.kid, algorithm: 'ES256', sign: pair.sign } });
}
