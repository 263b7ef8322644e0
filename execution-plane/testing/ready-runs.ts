import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';
import type { PlaceIds } from './queries.ts';

const insertRuns = sql('ready_runs', `
  INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key)
  SELECT $1, id, $2, $3, 'wfl_test', 'triage', 1, 'sha256:0', '{}', 'manual', id FROM unnest($4::text[]) AS n(id)`);
const insertSteps = sql('ready_steps', `
  INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) SELECT $1, step_id, run_id, 'read', 0, 'ledger/record.get', 'ready' FROM unnest($2::text[], $3::text[]) AS n(step_id, run_id)`);
const claimSteps = sql('claim_all', `
  UPDATE execution.steps SET state = 'leased', fence = fence + 1, lease_owner = 'test', lease_expires_at = clock_timestamp() + interval '1 hour' WHERE tenant_id = $1 AND state IN ('ready', 'retrying', 'uncertain')`);
const retryStep = sql('retry_step', `
  UPDATE execution.steps SET state = 'retrying', lease_owner = NULL, lease_expires_at = NULL, available_at = clock_timestamp() + $3::float8 * interval '1 millisecond' WHERE tenant_id = $1 AND run_id = $2 AND state = 'leased'`);
const outbox = sql('outbox', 'SELECT run_id, changes::int AS changes FROM execution.outbox WHERE tenant_id = $1 ORDER BY created_at, run_id');

/** Commits `count` runs of one ready step each, through `database`, whose settings decide whether they are noted in the outbox. */
export async function readyRuns(database: Database, ids: PlaceIds, count = 1): Promise<string[]> {
  const runs = Array.from({ length: count }, () => newId('run'));
  await database.forTenant(ids.tenantId, async (tx) => {
    await tx.change(insertRuns, [ids.tenantId, ids.workspaceId, ids.environmentId, runs]);
    await tx.change(insertSteps, [ids.tenantId, runs.map(() => newId('step')), runs]);
  });
  return runs;
}

/** As a claim of everything does it; gives how many steps were taken. */
export function claimEverything(database: Database, { tenantId }: PlaceIds): Promise<number> {
  return database.forTenant(tenantId, (tx) => tx.change(claimSteps, [tenantId]));
}

export async function retryLater(database: Database, { tenantId }: PlaceIds, runId: string, inMs: number): Promise<void> {
  await database.forTenant(tenantId, (tx) => tx.change(retryStep, [tenantId, runId, inMs]));
}

export function readOutbox(database: Database, { tenantId }: PlaceIds): Promise<Array<{ run_id: string; changes: number }>> {
  return database.forTenant(tenantId, (tx) => tx.rows(outbox, [tenantId]));
}
