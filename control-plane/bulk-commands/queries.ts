import type { Statement } from '@countersign/platform/postgres/database.ts';

/** The runs of a job: what matches and has not ended. */
export const selectRuns: Statement = {
  name: 'bulk_commands.select_runs',
  text: `
    SELECT r.id AS run_id, NULL AS step_key
      FROM execution.runs r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.state IN ('queued', 'running', 'waiting') AND r.state = ANY ($3::text[])
       AND ($4::text IS NULL OR r.workflow_name = $4) AND ($5::text IS NULL OR e.name = $5)
       AND ($6::timestamptz IS NULL OR r.created_at >= $6) AND ($7::timestamptz IS NULL OR r.created_at < $7)
       AND ($8::text[] IS NULL OR r.id = ANY ($8))
     ORDER BY r.created_at, r.id LIMIT $9`,
};

export const insertBulkCommand: Statement = {
  name: 'bulk_commands.insert',
  text: `INSERT INTO execution.bulk_commands (tenant_id, id, workspace_id, kind, selection, reason, requested_by, total) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

/** One command for each thing that was selected; a worker carries them out one by one. */
export const insertCommandsOfBulk: Statement = {
  name: 'bulk_commands.insert_commands',
  text: `
    INSERT INTO execution.commands (tenant_id, id, run_id, step_key, kind, reason, requested_by, bulk_id)
    SELECT b.tenant_id, c.id, c.run_id, c.step_key, b.kind, b.reason, b.requested_by, b.id
      FROM execution.bulk_commands b, unnest($3::text[], $4::text[], $5::text[]) AS c(id, run_id, step_key)
     WHERE b.tenant_id = $1 AND b.id = $2`,
};

export interface BulkCommandRow {
  readonly id: string;
  readonly kind: 'cancel' | 'redrive';
  readonly selection: Record<string, never>;
  readonly reason: string;
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly first_handled_at: Date | null;
  readonly last_handled_at: Date | null;
  readonly cursor_at: string;
}

const BULK_COMMAND = `
  SELECT b.id, b.kind, b.selection, b.reason, b.total, c.done, c.skipped, b.requested_by, b.requested_at, c.first_handled_at, c.last_handled_at,
         to_char(b.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
    FROM execution.bulk_commands b
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE did_something)::int AS done, count(*) FILTER (WHERE NOT did_something)::int AS skipped,
             min(handled_at) AS first_handled_at, max(handled_at) AS last_handled_at
        FROM execution.commands WHERE tenant_id = b.tenant_id AND bulk_id = b.id) c
   WHERE b.tenant_id = $1 AND b.workspace_id = $2`;

export const findBulkCommand: Statement = { name: 'bulk_commands.find', text: `${BULK_COMMAND} AND b.id = $3` };

export const listBulkCommands: Statement = {
  name: 'bulk_commands.list',
  text: `${BULK_COMMAND} AND ($3::timestamptz IS NULL OR (b.requested_at, b.id) < ($3, $4)) ORDER BY b.requested_at DESC, b.id DESC LIMIT $5`,
};
