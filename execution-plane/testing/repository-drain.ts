import type { Plant } from './plant.ts';
import { sql } from './queries.ts';

const attempts = sql('attempts', `
  SELECT s.key, a.worker, a.result FROM execution.step_attempts a JOIN execution.steps s ON s.tenant_id = a.tenant_id AND s.id = a.step_id
   WHERE a.tenant_id = $1 AND s.key = 'read' ORDER BY a.started_at, a.fence`);

/** Who has had a read, in order, and what came of it. */
export function readAttempts({ database, ids }: Plant): Promise<Array<{ key: string; worker: string; result: string | null }>> {
  return database.execution.forTenant(ids.tenantId, (tx) => tx.rows(attempts, [ids.tenantId]));
}

const workers = sql('worker_list', 'SELECT id, draining_since IS NOT NULL AS draining FROM execution.workers ORDER BY id');

export function readWorkers({ database }: Plant): Promise<Array<{ id: string; draining: boolean }>> {
  return database.execution.forNoTenant((tx) => tx.rows(workers));
}
