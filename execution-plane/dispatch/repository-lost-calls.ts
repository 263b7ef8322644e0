import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';

const failLost: Statement = {
  name: 'calls.fail_lost',
  text: `
    WITH lost AS (
      UPDATE execution.tool_calls c
         SET state = 'failed', finished_at = clock_timestamp(),
             error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker that made this call was lost before its answer was recorded. It only read, so it is made again.')
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS h(tenant_id, run_id, step_id, fence)
       -- an effect is never given up here: the system of record is asked about it
       WHERE c.tenant_id = h.tenant_id AND c.run_id = h.run_id AND c.step_id = h.step_id AND c.fence <= h.fence
         AND c.state = 'intended' AND c.risk NOT IN ('write', 'destructive')
      RETURNING c.tenant_id, c.id, c.run_id, c.step_id, c.call_key
    ), released AS (
      -- what it reserved of budgets is given back, as for every call that failed
      DELETE FROM execution.budget_reservations b USING lost WHERE b.tenant_id = lost.tenant_id AND b.call_id = lost.id
      RETURNING b.tenant_id, b.workspace_id, b.kind, b.period, b.amount_usd
    ), given_back AS (
      SELECT tenant_id, workspace_id, kind, period, sum(amount_usd) AS amount_usd FROM released GROUP BY tenant_id, workspace_id, kind, period
    ), locked AS (
      -- in the order in which every call locks them: run, month
      SELECT a.tenant_id, a.workspace_id, a.kind, a.period, g.amount_usd
        FROM execution.budget_accounts a JOIN given_back g USING (tenant_id, workspace_id, kind, period)
       ORDER BY a.tenant_id, a.workspace_id, a.kind DESC, a.period FOR UPDATE OF a
    ), settled AS (
      UPDATE execution.budget_accounts a SET reserved_usd = a.reserved_usd - l.amount_usd
        FROM locked l WHERE a.tenant_id = l.tenant_id AND a.workspace_id = l.workspace_id AND a.kind = l.kind AND a.period = l.period
    )
    SELECT lost.tenant_id, lost.run_id, lost.id, lost.call_key, s.key AS step_key, r.workspace_id
      FROM lost
      JOIN execution.steps s ON s.tenant_id = lost.tenant_id AND s.id = lost.step_id
      JOIN execution.runs r ON r.tenant_id = lost.tenant_id AND r.id = lost.run_id
     ORDER BY lost.id`,
};

const appendOutcomes: Statement = { name: 'calls.append_lost', text: `WITH ${auditStep(1)} SELECT count(*) AS events FROM audited` };

interface LostCall { readonly tenant_id: string; readonly run_id: string; readonly id: string; readonly call_key: string; readonly step_key: string; readonly workspace_id: string }

/** A holder of a step that is gone: nothing under this fence, or an older one, writes any more. */
export interface LostHolder {
  readonly tenantId: string;
  readonly runId: string;
  readonly stepId: string;
  readonly fence: string;
}

/**
 * Ends what lost workers left open of reads and model calls: without an outcome they would be under way for ever. Belongs into the
 * transaction that takes the steps from those workers.
 */
export async function failLostCalls(tx: Transaction, holders: readonly LostHolder[], who: NewAuditEvent['actor'], at: Date): Promise<void> {
  if (holders.length === 0) return;
  const lost = await tx.rows<LostCall>(failLost, [
    holders.map((holder) => holder.tenantId), holders.map((holder) => holder.runId), holders.map((holder) => holder.stepId), holders.map((holder) => holder.fence),
  ]);
  if (lost.length === 0) return;
  await tx.rows(appendOutcomes, auditValues(lost.map((call): NewAuditEvent => ({
    type: 'call.outcome', tenant_id: call.tenant_id, workspace_id: call.workspace_id, run_id: call.run_id, actor: who, subject: { kind: 'tool_call', id: call.id },
    data: { step_key: call.step_key, call_key: call.call_key, state: 'failed', error_code: 'worker_lost' },
  })), at));
}
