import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const beat: Statement = {
  name: 'workers.beat',
  text: `
    INSERT INTO execution.workers (id, version, policy, connectors) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), policy = excluded.policy, connectors = excluded.connectors`,
};

export async function writeHeartbeat(tx: Transaction, worker: { readonly id: string; readonly version: string; readonly connectors: readonly Connector[] }, policy: unknown): Promise<void> {
  const loaded = worker.connectors.map(({ manifest, manifestDigest, packageDigest = null, origin = 'shipped' }) => ({
    name: manifest.name, version: manifest.version, manifest_digest: manifestDigest, package_digest: packageDigest, origin,
  }));
  await tx.change(beat, [worker.id, worker.version, JSON.stringify(policy), JSON.stringify(loaded)]);
}

const leave: Statement = { name: 'workers.leave', text: `DELETE FROM execution.workers WHERE id = $1 OR heartbeat_at < clock_timestamp() - interval '1 hour'` };

/** Takes this worker off the list, and those that were killed long ago. */
export async function removeWorker(tx: Transaction, id: string): Promise<void> {
  await tx.change(leave, [id]);
}
