import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const beat: Statement = {
  name: 'workers.beat',
  text: `
    INSERT INTO execution.workers (id, version, policy) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), policy = excluded.policy`,
};

export async function writeHeartbeat(tx: Transaction, id: string, version: string, policy: unknown): Promise<void> {
  await tx.change(beat, [id, version, JSON.stringify(policy)]);
}

const leave: Statement = { name: 'workers.leave', text: `DELETE FROM execution.workers WHERE id = $1 OR heartbeat_at < clock_timestamp() - interval '1 hour'` };

/** Takes this worker off the list, and those that were killed long ago. */
export async function removeWorker(tx: Transaction, id: string): Promise<void> {
  await tx.change(leave, [id]);
}
