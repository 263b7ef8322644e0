import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const newestBundle: Statement = {
  name: 'policy.newest_bundle',
  text: 'SELECT digest, object_key FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 ORDER BY seq DESC LIMIT 1',
};

export function readNewestBundle(tx: Transaction, tenantId: string, scope: string): Promise<{ digest: string; object_key: string } | undefined> {
  return tx.maybeOne(newestBundle, [tenantId, scope]);
}

const environments: Statement = {
  name: 'policy.environments',
  text: 'SELECT tenant_id, id FROM control.environments ORDER BY tenant_id, workspace_id, ordinal',
};

/** The environments of the transaction's tenants. */
export async function listEnvironments(tx: Transaction): Promise<Array<{ tenantId: string; environmentId: string }>> {
  return (await tx.rows<{ tenant_id: string; id: string }>(environments)).map((row) => ({ tenantId: row.tenant_id, environmentId: row.id }));
}

const shadowBundle: Statement = {
  name: 'policy.has_shadow_bundle',
  // Ending a shadow ends the time of its newest bundle.
  text: 'SELECT coalesce((SELECT expires_at > clock_timestamp() FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 ORDER BY seq DESC LIMIT 1), false) AS is_there',
};

/** Whether a bundle in shadow mode is to decide beside the binding one. */
export async function hasShadowBundle(tx: Transaction, tenantId: string, scope: string): Promise<boolean> {
  return (await tx.one<{ is_there: boolean }>(shadowBundle, [tenantId, scope])).is_there;
}

const bundleKeys: Statement = {
  name: 'policy.bundle_keys',
  text: `SELECT kid, algorithm, public_jwk FROM control.signing_keys WHERE tenant_id = $1 AND purpose = 'policy_bundle' AND retired_at IS NULL`,
};

export function readBundleKeys(tx: Transaction, tenantId: string): Promise<VerificationJwk[]> {
  return tx.rows<VerificationJwk>(bundleKeys, [tenantId]);
}

const readFloor: Statement = { name: 'policy.read_floor', text: 'SELECT highest_seq::float8 AS seq FROM execution.policy_floor WHERE tenant_id = $1 AND scope = $2' };

export async function readHighestSeq(tx: Transaction, tenantId: string, scope: string): Promise<number> {
  return (await tx.maybeOne<{ seq: number }>(readFloor, [tenantId, scope]))?.seq ?? 0;
}

const raiseFloor: Statement = {
  name: 'policy.raise_floor',
  text: `
    INSERT INTO execution.policy_floor (tenant_id, scope, highest_seq) VALUES ($1, $2, $3)
    -- several workers accept at once: the floor only rises
    ON CONFLICT (tenant_id, scope) DO UPDATE SET highest_seq = excluded.highest_seq, accepted_at = clock_timestamp()
      WHERE policy_floor.highest_seq < excluded.highest_seq`,
};

export async function writeHighestSeq(tx: Transaction, tenantId: string, scope: string, seq: number): Promise<void> {
  await tx.change(raiseFloor, [tenantId, scope, seq]);
}
