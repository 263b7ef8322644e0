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
     WHERE tenant_id = $1 AND id = $2 AND paused_at IS NULL AND state IN ('queued', 'running', 'waiting') RETURNING workspace_id, state`,
};

const resumeRun: Statement = {
  name: 'commands.resume',
  text: `
    UPDATE execution.runs SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
     WHERE tenant_id = $1 AND id = $2 AND paused_at IS NOT NULL RETURNING workspace_id, state`,
};

export interface PausedRun { readonly workspace_id: string; readonly state: RunState }

/** Undefined where there is nothing to pause. The row's lock orders it with whoever moves the run: what they begin after it, they do not begin. */
export function pause(tx: Transaction, { tenant_id, run_id, requested_by, reason }: CommandRow): Promise<PausedRun | undefined> {
  return tx.maybeOne<PausedRun>(pauseRun, [tenant_id, run_id, requested_by, reason]);
}

/** Undefined where it is not paused. */
export function resume(tx: Transaction, { tenant_id, run_id }: CommandRow): Promise<PausedRun | undefined> {
  return tx.maybeOne<PausedRun>(resumeRun, [tenant_id, run_id]);
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
