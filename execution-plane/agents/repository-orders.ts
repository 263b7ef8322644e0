import type { OrderApproval, OrderVote, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { HELD, heldValues } from '../store/repository-decisions.ts';

const basis: Statement = {
  name: 'work_orders.basis',
  text: `
    WITH ${HELD}
    SELECT clock_timestamp() AS now, c.intended_at, c.idempotency_key, b.seq::float8 AS seq, b.digest, b.revision
      FROM held
      LEFT JOIN execution.tool_calls c ON c.tenant_id = held.tenant_id AND c.id = $4
      LEFT JOIN LATERAL (SELECT seq, digest, revision FROM control.policy_bundles WHERE tenant_id = held.tenant_id AND scope = $5 ORDER BY seq DESC LIMIT 1) b ON true`,
};

/** What an order goes by, as the database has it at this moment. */
export interface OrderBasis {
  readonly now: Date;
  /** Of the call that the order names; null where it names none. */
  readonly intended_at: Date | null;
  readonly idempotency_key: string | null;
  /** The newest bundle of the environment; null where there is none. */
  readonly seq: number | null;
  readonly digest: string | null;
  readonly revision: string | null;
}

/** Undefined where the step is not leased under this fence any more. Keeps it from being taken away until the transaction ends. */
export function readBasis(tx: Transaction, call: CallIdentity, callId: string | null, policyScope: string): Promise<OrderBasis | undefined> {
  return tx.maybeOne<OrderBasis>(basis, [...heldValues(call), callId, policyScope]);
}

const approval: Statement = {
  name: 'work_orders.approval',
  text: `
    SELECT a.id, a.action_digest, a.tier, a.requested_by, a.expires_at, a.required_votes, a.required_role,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', v.id, 'principal_id', v.principal_id, 'role', v.role, 'decision', v.decision, 'auth_strength', v.auth_strength,
                              'sign_in_age_ms', CASE WHEN v.signed_in_at IS NOT NULL THEN greatest(0, round(extract(epoch FROM v.voted_at - v.signed_in_at) * 1000))::bigint END,
                              'voted_at', to_char(v.voted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY v.voted_at, v.id)
                       FROM control.approval_votes v WHERE v.tenant_id = a.tenant_id AND v.approval_id = a.id), '[]') AS votes
      FROM control.approvals a WHERE a.tenant_id = $1 AND a.id = $2`,
};

/** The approval that the call has used, with the votes that it came by. */
export async function readOrderApproval(tx: Transaction, tenantId: string, approvalId: string): Promise<OrderApproval> {
  const row = await tx.one<Omit<OrderApproval, 'expires_at' | 'votes'> & { expires_at: Date; votes: OrderVote[] }>(approval, [tenantId, approvalId]);
  return { ...row, expires_at: row.expires_at.toISOString() };
}

const insertOrder: Statement = {
  name: 'work_orders.insert',
  text: `
    WITH ${HELD}, issued AS (
      INSERT INTO execution.work_orders (tenant_id, id, agent_id, pool_id, kind, instance_id, run_id, step_id, call_key, call_id, fence, state, envelope, issued_at, begin_before)
      SELECT held.tenant_id, $4, $5, $6, $7, $8, held.run_id, held.id, $9, $10, $3::bigint, 'queued', $11, $12::timestamptz, $13::timestamptz FROM held
      RETURNING id
    ), ${auditStep(14)}
    SELECT (SELECT count(*)::int FROM issued) AS issued, (SELECT count(*) FROM audited) AS events`,
};

/** Gives whether the lease was still held; if not, the caller rolls back. */
export async function insertWorkOrder(tx: Transaction, call: CallIdentity, poolId: string, order: Omit<WorkOrder, 'format' | 'sealed' | 'sealed_sha256' | 'parameters_sha256'>, envelope: string, events: readonly NewAuditEvent[], at: Date): Promise<boolean> {
  const { issued } = await tx.one<{ issued: number }>(insertOrder, [
    ...heldValues(call), order.id, order.audience.agent_id, poolId, order.kind, order.instance.id, order.identity.call_key, order.call_id, envelope, order.issued_at, order.begin_before,
    ...auditValues(events, at),
  ]);
  return issued === 1;
}

const giveUp: Statement = {
  name: 'work_orders.give_up',
  text: `UPDATE execution.work_orders SET state = 'expired' WHERE tenant_id = $1 AND id = $2 AND state IN ('queued', 'received')`,
};

/** Nobody waits for it any more, and it changes nothing: it is not offered again. What is heard of it later is still taken. */
export async function giveUpOrder(tx: Transaction, tenantId: string, orderId: string): Promise<void> {
  await tx.change(giveUp, [tenantId, orderId]);
}

const effectOrder: Statement = {
  name: 'work_orders.of_call',
  text: `
    SELECT id, agent_id, state, refusal, outcome_sealed FROM execution.work_orders
     WHERE tenant_id = $1 AND call_id = $2 AND kind = 'execute' ORDER BY issued_at DESC, id DESC LIMIT 1`,
};

export interface EffectOrder {
  readonly id: string;
  readonly agent_id: string;
  readonly state: 'queued' | 'received' | 'ended' | 'refused' | 'expired';
  readonly refusal: string | null;
  readonly outcome_sealed: Buffer | null;
}

/** The order that was to carry out this call. */
export function readEffectOrder(tx: Transaction, tenantId: string, callId: string): Promise<EffectOrder | undefined> {
  return tx.maybeOne<EffectOrder>(effectOrder, [tenantId, callId]);
}

const hasNews: Statement = {
  name: 'work_orders.has_news',
  text: `
    SELECT FROM execution.work_orders o JOIN execution.tool_calls c ON c.tenant_id = o.tenant_id AND c.id = o.call_id
     WHERE o.tenant_id = $1 AND o.step_id = $2 AND o.kind = 'execute' AND o.state IN ('ended', 'refused') AND c.state IN ('intended', 'uncertain') LIMIT 1`,
};

/** Whether something was said of an effect of this step that the step has not taken yet. */
export async function hasUntakenOutcome(tx: Transaction, call: CallIdentity): Promise<boolean> {
  return await tx.maybeOne(hasNews, [call.tenant.id, call.step.id]) !== undefined;
}
