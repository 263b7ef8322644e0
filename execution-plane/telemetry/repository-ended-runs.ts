import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Place } from './observer.ts';
import type { TracedRun } from './run-spans.ts';

export type EndedRun = Place & TracedRun & { readonly state: RunState; readonly finishedAt: Date | null };

interface EndedRow {
  tenant_id: string; environment_id: string; environment: string; id: string; workflow_name: string; workflow_version: number; traceparent: string | null;
  state: RunState; finished_at: Date | null;
}

/** Redriven ones are under way again by now, and end another time. */
const ended: Statement = {
  name: 'runs.ended_elsewhere',
  text: `
    SELECT r.tenant_id, r.environment_id, e.name AS environment, r.id, r.workflow_name, r.workflow_version, r.traceparent, r.state, r.finished_at
      FROM execution.runs r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.id = ANY ($1) AND r.state IN ('succeeded', 'failed', 'cancelled')
       AND r.tenant_id = ANY ((SELECT app.tenant_ids())::text[])`,
};

export async function findEnded(tx: Transaction, ids: readonly string[]): Promise<EndedRun[]> {
  const rows = await tx.rows<EndedRow>(ended, [ids]);
  return rows.map((row) => ({
    tenant: { id: row.tenant_id }, environment: { id: row.environment_id, name: row.environment },
    run: { id: row.id, workflow: row.workflow_name, workflowVersion: row.workflow_version }, traceparent: row.traceparent, state: row.state, finishedAt: row.finished_at,
  }));
}
