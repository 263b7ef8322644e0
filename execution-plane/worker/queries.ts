import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { WakeState } from '../wake/wake.ts';

const beat: Statement = {
  name: 'workers.beat',
  text: `
    INSERT INTO execution.workers AS w (id, version, policy, connectors, wake, draining_since) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::boolean THEN clock_timestamp() END)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), policy = excluded.policy, connectors = excluded.connectors, wake = excluded.wake,
      draining_since = CASE WHEN $6::boolean THEN coalesce(w.draining_since, clock_timestamp()) END`,
};

export interface Presence {
  readonly policy: unknown;
  readonly wake: WakeState;
  /** It ends what is under way and takes nothing more. */
  readonly draining: boolean;
}

export async function writeHeartbeat(tx: Transaction, worker: { readonly id: string; readonly version: string; readonly connectors: readonly Connector[] }, { policy, wake, draining }: Presence): Promise<void> {
  const loaded = worker.connectors.map(({ manifest, manifestDigest, packageDigest = null, origin = 'shipped' }) => ({
    name: manifest.name, version: manifest.version, manifest_digest: manifestDigest, package_digest: packageDigest, origin,
  }));
  await tx.change(beat, [worker.id, worker.version, JSON.stringify(policy), JSON.stringify(loaded), JSON.stringify(wake), draining]);
}

const leave: Statement = { name: 'workers.leave', text: `DELETE FROM execution.workers WHERE id = $1 OR heartbeat_at < clock_timestamp() - interval '1 hour'` };

/** Takes this worker off the list, and those that were killed long ago. */
export async function removeWorker(tx: Transaction, id: string): Promise<void> {
  await tx.change(leave, [id]);
}
