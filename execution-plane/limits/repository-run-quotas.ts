import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface RunPlace {
  readonly tenant_id: string;
  readonly workspace_id: string;
}

export interface RunQuotaRow extends RunPlace {
  readonly name: 'runs_per_day' | 'active_runs' | 'stored_bytes';
  /** '': the tenant as a whole. */
  readonly scope: string;
  readonly max_value: number;
  readonly used: number;
}

const read: Statement = {
  name: 'run_quotas.read',
  text: `
    WITH asked AS (
      SELECT DISTINCT a.tenant_id, a.workspace_id FROM unnest($1::text[], $2::text[]) AS a (tenant_id, workspace_id)
    ), limits AS (
      -- of what the cell and the tenant have set, the lower
      SELECT a.tenant_id, a.workspace_id, q.name, q.workspace_id AS scope, min(q.max_value) AS max_value
        FROM asked a JOIN control.quotas q ON q.tenant_id = a.tenant_id AND q.workspace_id IN ('', a.workspace_id)
       WHERE q.name IN ('runs_per_day', 'active_runs', 'stored_bytes')
       GROUP BY a.tenant_id, a.workspace_id, q.name, q.workspace_id
    )
    SELECT l.tenant_id, l.workspace_id, l.name, l.scope, l.max_value::float8 AS max_value, (CASE l.name
             WHEN 'runs_per_day' THEN (SELECT count(*) FROM execution.runs r WHERE r.tenant_id = l.tenant_id AND (l.scope = '' OR r.workspace_id = l.scope) AND r.trigger_kind <> 'system'
               AND r.created_at >= date_trunc('day', clock_timestamp(), 'UTC'))
             WHEN 'active_runs' THEN (SELECT count(*) FROM execution.runs r WHERE r.tenant_id = l.tenant_id AND (l.scope = '' OR r.workspace_id = l.scope) AND r.trigger_kind <> 'system'
               AND r.state NOT IN ('succeeded', 'failed', 'cancelled'))
             ELSE coalesce((SELECT b.bytes FROM control.stored_bytes b WHERE b.tenant_id = l.tenant_id), 0) END)::float8 AS used
      FROM limits l ORDER BY l.name, l.scope`,
};

/** The quotas that hold where runs would begin, with what is used of each. No row, and nothing counted, where none is set. */
export function readRunQuotas(tx: Transaction, places: readonly RunPlace[]): Promise<RunQuotaRow[]> {
  return tx.rows<RunQuotaRow>(read, [places.map(({ tenant_id }) => tenant_id), places.map(({ workspace_id }) => workspace_id)]);
}
