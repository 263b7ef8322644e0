import type { PricedUsage } from '@countersign/connectors/gateway/pricing.ts';
import type { CallError } from '@countersign/connectors/gateway/ports.ts';
import type { Receipt } from '@countersign/connectors/sdk/connector.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { jsonb } from '../contents/jsonb.ts';
import { SETTLEMENT_STEPS } from '../store/repository-budgets.ts';

/** A question that is not open any more, and a step that waits for it. */
export interface ClosedQuestion {
  readonly tenant_id: string;
  readonly approval_id: string;
  readonly state: 'answered' | 'expired' | 'withdrawn';
  readonly answer: 'happened' | 'did_not_happen' | null;
  readonly call_id: string;
  readonly call_key: string;
  readonly step_key: string;
  readonly workspace_id: string;
  readonly run_id: string;
  readonly instance_id: string | null;
  readonly action_content_id: string;
  readonly action_sealed: Buffer | null;
  /** Of the step that waits. */
  readonly waiting_workspace_id: string;
  readonly waiting_run_id: string;
  readonly waiting_step_id: string;
  /** Who answered, and why; null where nobody did. */
  readonly said_by: string | null;
  readonly reason: string | null;
}

const closed: Statement = {
  name: 'outcomes.closed',
  text: `
    SELECT w.tenant_id, a.id AS approval_id, a.state, a.answer, c.id AS call_id, c.call_key, a.step_key, a.workspace_id, c.run_id, c.instance_id, c.action_content_id,
           k.sealed AS action_sealed, w.workspace_id AS waiting_workspace_id, w.run_id AS waiting_run_id, w.id AS waiting_step_id, v.principal_id AS said_by, v.reason
      FROM execution.steps w
      JOIN control.approvals a ON a.tenant_id = w.tenant_id AND a.id = w.error->'data'->>'question_id' AND a.state <> 'pending'
      JOIN execution.tool_calls c ON c.tenant_id = a.tenant_id AND c.id = a.call_id
      LEFT JOIN execution.contents k ON k.tenant_id = c.tenant_id AND k.id = c.action_content_id
      LEFT JOIN LATERAL (
        SELECT principal_id, reason FROM control.approval_votes WHERE tenant_id = a.tenant_id AND approval_id = a.id AND decision = a.answer ORDER BY voted_at LIMIT 1) v ON true
     WHERE w.state = 'uncertain'
     ORDER BY w.id LIMIT $1`,
};

export function findClosed(tx: Transaction, limit: number): Promise<ClosedQuestion[]> {
  return tx.rows<ClosedQuestion>(closed, [limit]);
}

const settleByPerson: Statement = {
  name: 'outcomes.settle_by_person',
  text: `
    WITH ended AS (
      UPDATE execution.tool_calls c SET state = $5, receipt = $3::jsonb, error = $4::jsonb, finished_at = clock_timestamp()
       WHERE c.tenant_id = $1 AND c.id = $2 AND c.state = 'uncertain'
      RETURNING c.tenant_id, c.id, c.run_id, c.step_id, c.intended_at
    ), metered AS (
      INSERT INTO execution.cost_lines (tenant_id, id, run_id, call_id, meter, quantity, unit, price, amount_usd)
      SELECT ended.tenant_id, l.id, ended.run_id, ended.id, l.meter, l.quantity, l.unit, l.price, l.amount_usd
        FROM ended, jsonb_to_recordset($6::jsonb) AS l(id text, meter text, quantity numeric, unit text, price jsonb, amount_usd numeric)
      RETURNING tenant_id, run_id, amount_usd
    ), charged AS (
      UPDATE execution.runs r SET cost_usd = r.cost_usd + m.amount_usd
        FROM (SELECT tenant_id, run_id, sum(amount_usd) AS amount_usd FROM metered GROUP BY tenant_id, run_id) m
       WHERE r.tenant_id = m.tenant_id AND r.id = m.run_id AND m.amount_usd <> 0
    ), ${SETTLEMENT_STEPS}
    SELECT EXISTS (SELECT FROM ended) AS settled`,
};

/** How the call of a question ended, by what a person said. */
export type Said = { readonly state: 'succeeded'; readonly receipt: Receipt; readonly costs: readonly PricedUsage[] } | { readonly state: 'failed'; readonly error: CallError };

/** Gives false where the call has an outcome already. */
export async function settleByAnswer(tx: Transaction, { tenant_id, call_id }: ClosedQuestion, said: Said): Promise<boolean> {
  const lines = said.state === 'failed' ? [] : said.costs.map(({ meter, quantity, unit, price, amount_usd }) => ({ id: newId('cost_line'), meter, quantity, unit, price, amount_usd }));
  const { settled } = await tx.one<{ settled: boolean }>(settleByPerson, [
    tenant_id, call_id, said.state === 'succeeded' ? jsonb(said.receipt) : null, said.state === 'failed' ? jsonb(said.error) : null, said.state, jsonb(lines),
  ]);
  return settled;
}

const wake: Statement = {
  name: 'outcomes.wake',
  text: `
    WITH woken AS (
      -- with all its attempts: what it does next, it has not tried yet
      UPDATE execution.steps SET available_at = clock_timestamp(), attempt = 0, error = NULL
       WHERE tenant_id = $1 AND id = $2 AND state = 'uncertain' AND error->'data'->>'question_id' = $3
    ), ${auditStep(4)}
    SELECT (SELECT count(*) FROM audited) AS events`,
};

/** Lets a worker claim the step: the gateway finds the outcome that the call now has. */
export async function wakeWaiting(tx: Transaction, question: ClosedQuestion, events: readonly NewAuditEvent[], at: Date): Promise<void> {
  await tx.rows(wake, [question.tenant_id, question.waiting_step_id, question.approval_id, ...auditValues(events, at)]);
}
