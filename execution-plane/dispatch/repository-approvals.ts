import type { ApprovalState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';

const withdrawOpen: Statement = {
  name: 'approvals.withdraw',
  text: `
    WITH before AS (
      SELECT tenant_id, id, state FROM control.approvals WHERE tenant_id = $1 AND id = ANY ($2::text[]) AND state IN ('pending', 'approved') FOR UPDATE
    ), withdrawn AS (
      UPDATE control.approvals a SET state = 'withdrawn', decided_at = coalesce(a.decided_at, clock_timestamp())
        FROM before b WHERE a.tenant_id = b.tenant_id AND a.id = b.id
      RETURNING a.id, b.state AS moved_from
    )
    SELECT id, moved_from FROM withdrawn`,
};

const appendEvents: Statement = { name: 'approvals.append_events', text: `WITH ${auditStep(1)} SELECT count(*) AS events FROM audited` };

/** Withdraws those of the run's approvals that are still open. */
export async function withdrawApprovals(tx: Transaction, run: { tenantId: string; id: string; workspaceId: string }, approvalIds: readonly string[], who: NewAuditEvent['actor'], at: Date): Promise<void> {
  if (approvalIds.length === 0) return;
  const rows = await tx.rows<{ id: string; moved_from: ApprovalState }>(withdrawOpen, [run.tenantId, approvalIds]);
  if (rows.length === 0) return;
  await tx.rows(appendEvents, auditValues(rows.map(({ id, moved_from }): NewAuditEvent => ({
    type: 'approval.state_changed', tenant_id: run.tenantId, workspace_id: run.workspaceId, run_id: run.id, actor: who,
    subject: { kind: 'approval', id }, data: { from: moved_from, to: 'withdrawn' },
  })), at));
}

const overdue: Statement = {
  name: 'approvals.overdue',
  text: `
    SELECT tenant_id, id, workspace_id, run_id, state FROM control.approvals
     WHERE state IN ('pending', 'approved') AND expires_at <= clock_timestamp()
       -- a kill switch that stops the run holds the clock
       AND frozen_since IS NULL AND NOT control.is_stopped(tenant_id, workspace_id, environment_id, run_id)
     ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
};

const expire: Statement = {
  name: 'approvals.expire',
  text: `
    WITH expired AS (
      UPDATE control.approvals SET state = 'expired', decided_at = coalesce(decided_at, clock_timestamp())
       WHERE (tenant_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND state IN ('pending', 'approved')
      RETURNING id
    ), ${auditStep(3)}
    SELECT (SELECT count(*)::int FROM expired) AS expired, (SELECT count(*) FROM audited) AS events`,
};

export interface ExpiredApproval { readonly tenant_id: string; readonly id: string; readonly workspace_id: string; readonly run_id: string; readonly state: ApprovalState }

/** Expires what nobody decided, or nobody used, in time. */
export async function expireApprovals(tx: Transaction, who: NewAuditEvent['actor'], limit: number, at: Date): Promise<ExpiredApproval[]> {
  const rows = await tx.rows<ExpiredApproval>(overdue, [limit]);
  if (rows.length === 0) return [];
  await tx.rows(expire, [rows.map((row) => row.tenant_id), rows.map((row) => row.id), ...auditValues(rows.map((row): NewAuditEvent => ({
    type: 'approval.state_changed', tenant_id: row.tenant_id, workspace_id: row.workspace_id, run_id: row.run_id, actor: who,
    subject: { kind: 'approval', id: row.id }, data: { from: row.state, to: 'expired' },
  })), at)]);
  return rows;
}

const decided: Statement = {
  name: 'approvals.decided',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id, a.id AS approval_id, a.state
      FROM execution.steps s JOIN control.approvals a ON a.tenant_id = s.tenant_id AND a.id = s.approval_id
     WHERE s.state = 'waiting' AND a.state <> 'pending'
     ORDER BY s.id LIMIT $1`,
};

export interface DecidedStep { readonly tenant_id: string; readonly run_id: string; readonly step_id: string; readonly approval_id: string; readonly state: Exclude<ApprovalState, 'pending' | 'answered'> }

/** Steps that wait for an approval which has been decided. */
export function findDecidedSteps(tx: Transaction, limit: number): Promise<DecidedStep[]> {
  return tx.rows<DecidedStep>(decided, [limit]);
}
