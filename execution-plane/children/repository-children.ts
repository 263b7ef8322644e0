import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const endedChildren: Statement = {
  name: 'children.ended',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id
      FROM execution.steps s JOIN execution.runs c ON c.tenant_id = s.tenant_id AND c.parent_step_id = s.id
     WHERE s.state = 'waiting' AND s.uses LIKE 'workflow/%' AND c.state IN ('succeeded', 'failed', 'cancelled')
     ORDER BY c.finished_at LIMIT $1`,
};

export interface WaitingStep { readonly tenant_id: string; readonly run_id: string; readonly step_id: string }

/** Steps whose run has ended. */
export function findEndedChildren(tx: Transaction, limit: number): Promise<WaitingStep[]> {
  return tx.rows<WaitingStep>(endedChildren, [limit]);
}

const childrenToCancel: Statement = {
  name: 'children.to_cancel',
  text: `
    SELECT c.tenant_id, c.id AS run_id, coalesce(s.deadline_at <= clock_timestamp(), false) OR coalesce(p.error->>'code' = 'deadline_exceeded', false) AS overdue
      FROM execution.runs c
      JOIN execution.runs p ON p.tenant_id = c.tenant_id AND p.id = c.parent_run_id
      JOIN execution.steps s ON s.tenant_id = c.tenant_id AND s.id = c.parent_step_id
      LEFT JOIN execution.steps m ON m.tenant_id = s.tenant_id AND m.id = s.map_step_id
     WHERE c.parent_run_id IS NOT NULL AND c.state IN ('queued', 'running', 'waiting')
       -- nobody waits for it any more, or not any longer
       AND (p.state IN ('cancelling', 'cancelled', 'failed') OR s.deadline_at <= clock_timestamp() OR m.state IN ('failed', 'dead', 'cancelled'))
     LIMIT $1`,
};

export interface UnwantedRun { readonly tenant_id: string; readonly run_id: string; readonly overdue: boolean }

/** Runs that a step started and whose outcome is not wanted any more. */
export function findUnwantedChildren(tx: Transaction, limit: number): Promise<UnwantedRun[]> {
  return tx.rows<UnwantedRun>(childrenToCancel, [limit]);
}
