import type { AuditEventType, AuditValue } from '@countersign/contracts/events/audit-event.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { BudgetRefusal } from '@countersign/connectors/gateway/budget.ts';
import type { DecisionRecord } from '@countersign/connectors/gateway/ports.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { CrossedAccount } from './repository-budgets.ts';

/** The event `type` about `subject`, by the worker that makes this call. */
export function callEvent(call: CallIdentity, worker: string, type: AuditEventType, subject: NewAuditEvent['subject'], data: Record<string, AuditValue>): NewAuditEvent {
  return {
    type, subject, data: { step_key: call.step.key, call_key: call.callKey, ...data },
    tenant_id: call.tenant.id, workspace_id: call.workspace.id, run_id: call.run.id, actor: { kind: 'worker', id: worker },
  };
}

export function decisionEvent(call: CallIdentity, worker: string, decision: DecisionRecord): NewAuditEvent {
  return callEvent(call, worker, 'decision.made', { kind: 'decision', id: decision.id }, {
    action: decision.action, action_digest: decision.actionDigest, outcome: decision.outcome, rules: decision.reasons.map((reason) => reason.rule),
    input_digest: decision.inputDigest, bundle_digest: decision.bundle?.digest ?? null, bundle_seq: decision.bundle?.seq ?? null, approval_id: decision.approvalId,
    ...(decision.adjusted === null ? {} : { capped: decision.adjusted.capped, redacted: decision.adjusted.redacted }),
    ...(decision.routedFrom === null ? {} : { routed_from: decision.routedFrom }),
  });
}

/** 80 % of a budget are reached, with this call. */
export function budgetWarning(call: CallIdentity, worker: string, account: CrossedAccount): NewAuditEvent {
  const { kind, period, limit_usd, spent_usd, reserved_usd } = account;
  return callEvent(call, worker, 'budget.warning', { kind: 'budget', id: call.workspace.id }, { budget: kind, period, limit_usd, spent_usd, reserved_usd });
}

/** A budget has no room for this call. */
export function budgetRefused(call: CallIdentity, worker: string, decision: DecisionRecord, refusal: BudgetRefusal): NewAuditEvent {
  return callEvent(call, worker, 'budget.refused', { kind: 'budget', id: call.workspace.id }, {
    action: decision.action, decision_id: decision.id, budget: refusal.kind, period: refusal.period, limit_usd: refusal.limitUsd, spent_usd: refusal.spentUsd,
    reserved_usd: refusal.reservedUsd, estimate_usd: refusal.estimateUsd,
  });
}
