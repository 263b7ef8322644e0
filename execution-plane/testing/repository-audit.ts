import path from 'node:path';
import { storeCheckpoint } from '@countersign/platform/audit/repository-checkpoints.ts';
import { sealPending } from '@countersign/platform/audit/seal-pending.ts';
import { signHead } from '@countersign/platform/audit/sign-checkpoint.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const chains: Statement = { name: 'test.chains', text: 'SELECT DISTINCT tenant_id, chain FROM audit.events ORDER BY 1, 2' };
const head: Statement = {
  name: 'test.head',
  text: `
    SELECT h.seq::int AS seq, h.hash, h.frontier, coalesce(c.number, 0)::int AS number, c.body AS "previousBody"
      FROM audit.chain_heads h
      LEFT JOIN LATERAL (SELECT number, body FROM audit.checkpoints c WHERE (c.tenant_id, c.chain) = (h.tenant_id, h.chain) ORDER BY number DESC LIMIT 1) c ON true
     WHERE h.tenant_id = $1 AND h.chain = $2`,
};

const publishKey: Statement = {
  name: 'test.publish_key',
  text: `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk) VALUES ($1, $2, 'checkpoint', $3, $4) ON CONFLICT DO NOTHING`,
};

/**
 * Does the sequencer's work, which is the control plane's, once: seals every pending event and signs the head of each chain, by a key of the tenant
 * that it publishes. As the superuser, since a worker may not.
 */
export async function sealAudit(plant: { readonly database: { readonly adminUrl: string }; readonly folder: string }): Promise<void> {
  const keys = await FileKeys.open(path.join(plant.folder, 'key'), { create: false });
  const database = new Database({ url: plant.database.adminUrl, applicationName: 'test sequencer', maxConnections: 1 });
  try {
    const all = await database.forNoTenant((tx) => tx.rows<{ tenant_id: string; chain: string }>(chains));
    for (const { tenant_id } of all) while (await database.forTenant(tenant_id, (tx) => sealPending(tx, tenant_id)) > 0);
    for (const { tenant_id, chain } of all) await database.forTenant(tenant_id, (tx) => signOne(tx, tenant_id, chain, keys));
  } finally {
    await database.close();
  }
}

async function signOne(tx: Transaction, tenantId: string, chain: string, keys: Keys): Promise<void> {
  const row = await tx.one<{ seq: number; hash: string; frontier: Buffer; number: number; previousBody: string | null }>(head, [tenantId, chain]);
  const key = await keys.signingKey(tenantId, 'checkpoint');
  await tx.change(publishKey, [tenantId, key.kid, key.algorithm, JSON.stringify(key.publicJwk)]);
  const checkpoint = await signHead(key, { chain, ...row }, new Date());
  await storeCheckpoint(tx, tenantId, { ...checkpoint, id: newId('checkpoint'), objectKey: `t/${tenantId}/checkpoints/test/${row.seq}` });
}
