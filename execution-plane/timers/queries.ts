import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const dueWaits: Statement = {
  name: 'timers.due_waits',
  text: `
    SELECT tenant_id, run_id, id AS step_id FROM execution.steps
     WHERE state = 'waiting' AND uses = 'wait' AND available_at <= clock_timestamp()
     ORDER BY available_at LIMIT $1`,
};

const overdueSteps: Statement = {
  name: 'timers.overdue_steps',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id FROM execution.steps s
     WHERE s.deadline_at IS NOT NULL AND s.state IN ('ready', 'waiting', 'retrying') AND s.deadline_at <= clock_timestamp()
       -- the run that a step started ends first
       AND NOT (s.state = 'waiting' AND s.uses LIKE 'workflow/%')
     ORDER BY s.deadline_at LIMIT $1`,
};

const overdueRuns: Statement = {
  name: 'timers.overdue_runs',
  text: `
    SELECT tenant_id, id AS run_id FROM execution.runs
     WHERE deadline_at IS NOT NULL AND state IN ('queued', 'running', 'waiting') AND deadline_at <= clock_timestamp()
     ORDER BY deadline_at LIMIT $1`,
};

export interface DueStep { readonly tenant_id: string; readonly run_id: string; readonly step_id: string }
export interface DueRun { readonly tenant_id: string; readonly run_id: string }

/** Steps `wait` whose time has come. */
export function findDueWaits(tx: Transaction, limit: number): Promise<DueStep[]> {
  return tx.rows<DueStep>(dueWaits, [limit]);
}

/** Steps that nobody works on and that are over their deadline. */
export function findOverdueSteps(tx: Transaction, limit: number): Promise<DueStep[]> {
  return tx.rows<DueStep>(overdueSteps, [limit]);
}

export function findOverdueRuns(tx: Transaction, limit: number): Promise<DueRun[]> {
  return tx.rows<DueRun>(overdueRuns, [limit]);
}
