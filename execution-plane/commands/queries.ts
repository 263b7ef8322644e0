import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** The oldest of each tenant, so that the job of one over very many runs keeps nobody else waiting; and what a person asks of one run before any job. */
const pending: Statement = {
  name: 'commands.pending',
  text: `
    SELECT c.* FROM unnest($1::text[]) AS t(tenant_id)
     CROSS JOIN LATERAL (
       (SELECT tenant_id, id, run_id, kind, step_key, reason, requested_by, bulk_id FROM execution.commands
         WHERE tenant_id = t.tenant_id AND handled_at IS NULL AND bulk_id IS NULL ORDER BY requested_at, id LIMIT $2)
       UNION ALL
       (SELECT tenant_id, id, run_id, kind, step_key, reason, requested_by, bulk_id FROM execution.commands
         WHERE tenant_id = t.tenant_id AND handled_at IS NULL AND bulk_id IS NOT NULL ORDER BY requested_at, id LIMIT $2)) AS c
     ORDER BY c.bulk_id IS NOT NULL`,
};

export interface CommandRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly kind: 'cancel' | 'redrive' | 'pause' | 'resume';
  /** Null for every dead or failed step. */
  readonly step_key: string | null;
  readonly reason: string;
  readonly requested_by: string;
  /** The job that it is part of. */
  readonly bulk_id: string | null;
}

/** Up to `limit` of each of both kinds and of each tenant. */
export function findPending(tx: Transaction, tenantIds: readonly string[], limit: number): Promise<CommandRow[]> {
  return tx.rows<CommandRow>(pending, [tenantIds, limit]);
}

const lockCommand: Statement = {
  name: 'commands.lock',
  text: 'SELECT id FROM execution.commands WHERE tenant_id = $1 AND id = $2 AND handled_at IS NULL FOR UPDATE SKIP LOCKED',
};

/** Gives false when somebody else handles it. */
export async function lockPending(tx: Transaction, command: CommandRow): Promise<boolean> {
  return await tx.maybeOne(lockCommand, [command.tenant_id, command.id]) !== undefined;
}

const closeCommand: Statement = {
  name: 'commands.close',
  text: 'UPDATE execution.commands SET handled_at = clock_timestamp(), result = $3, did_something = $4 WHERE tenant_id = $1 AND id = $2',
};

export async function close(tx: Transaction, command: CommandRow, done: { readonly result: string; readonly didSomething: boolean }): Promise<void> {
  await tx.change(closeCommand, [command.tenant_id, command.id, done.result, done.didSomething]);
}

const pauseRun: Statement = {
  name: 'commands.pause',
  text: `
    UPDATE execution.runs SET paused_at = clock_timestamp(), paused_by = $3, pause_reason = $4
     WHERE tenant_id = $1 AND id = $2 AND paused_at IS NULL AND state IN ('queued', 'running', 'waiting') RETURNING id, workspace_id, state`,
};

const BELOW = `
    WITH RECURSIVE below AS (
      SELECT c.id FROM execution.runs c WHERE c.tenant_id = $1 AND c.parent_run_id = $2
      UNION ALL
      SELECT c.id FROM below b JOIN execution.runs c ON c.tenant_id = $1 AND c.parent_run_id = b.id
    )`;

const pauseBelow: Statement = {
  name: 'commands.pause_below',
  text: `${BELOW}
    UPDATE execution.runs r SET paused_at = p.paused_at, paused_by = p.paused_by, pause_reason = p.pause_reason
      FROM execution.runs p, below
     WHERE p.tenant_id = $1 AND p.id = $2 AND r.tenant_id = $1 AND r.id = below.id AND r.paused_at IS NULL AND r.state IN ('queued', 'running', 'waiting')
    RETURNING r.id, r.workspace_id, r.state`,
};

const resumeRun: Statement = {
  name: 'commands.resume',
  text: `
${BELOW}, own AS (SELECT paused_at FROM execution.runs WHERE tenant_id = $1 AND id = $2 AND paused_at IS NOT NULL FOR NO KEY UPDATE)
    UPDATE execution.runs r SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
      FROM own
     -- what was paused with it goes on with it; what a person paused by itself does not
     WHERE r.tenant_id = $1 AND r.paused_at = own.paused_at AND (r.id = $2 OR r.id IN (SELECT id FROM below))
    RETURNING r.id, r.workspace_id, r.state`,
};

export interface PausedRun { readonly id: string; readonly workspace_id: string; readonly state: RunState }

/**
 * The run and those that it has started, none where there is nothing to pause. The rows' locks order it with whoever moves them: what they begin
 * after it, they do not begin.
 */
export async function pause(tx: Transaction, { tenant_id, run_id, requested_by, reason }: CommandRow): Promise<PausedRun[]> {
  const paused = await tx.rows<PausedRun>(pauseRun, [tenant_id, run_id, requested_by, reason]);
  // A run whose lock was waited for may have started another meanwhile: one more look, until there is none.
  for (let more = paused; more.length > 0; paused.push(...more)) more = await tx.rows<PausedRun>(pauseBelow, [tenant_id, run_id]);
  return paused;
}

/** The run and those that were paused with it, none where it is not paused. */
export function resume(tx: Transaction, { tenant_id, run_id }: CommandRow): Promise<PausedRun[]> {
  return tx.rows<PausedRun>(resumeRun, [tenant_id, run_id]);
}

const writesUnderWay: Statement = {
  name: 'commands.writes_under_way',
  text: `
    SELECT s.key AS step_key, max(c.action) AS action
      FROM execution.steps s JOIN execution.tool_calls c ON c.tenant_id = s.tenant_id AND c.run_id = s.run_id AND c.step_id = s.id
     WHERE s.tenant_id = $1 AND s.run_id = $2 AND s.state IN ('leased', 'uncertain') AND c.risk IN ('write', 'destructive') AND c.state IN ('intended', 'uncertain')
     GROUP BY s.key`,
};

/** Which write each step has under way, or of unknown outcome, by the step's key. */
export async function readWritesUnderWay(tx: Transaction, { tenant_id, run_id }: CommandRow): Promise<Map<string, string>> {
  const rows = await tx.rows<{ step_key: string; action: string }>(writesUnderWay, [tenant_id, run_id]);
  return new Map(rows.map((row) => [row.step_key, row.action]));
}
