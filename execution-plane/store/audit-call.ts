import type { AuditData, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { BudgetRefusal } from '@countersign/connectors/gateway/budget.ts';
import type { DecisionRecord, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import { describeHidden, hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { CrossedAccount } from './repository-budgets.ts';

/** The event `type` about `subject`, by the worker that makes this call. */
export function callEvent(call: CallIdentity, worker: string, type: AuditEventType, subject: NewAuditEvent['subject'], data: AuditData): NewAuditEvent {
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

export function intentEvent(call: CallIdentity, worker: string, callId: string, decision: DecisionRecord, intent: Intent): NewAuditEvent {
  return callEvent(call, worker, 'call.intended', { kind: 'tool_call', id: callId }, {
    action: decision.action, risk: intent.risk, action_digest: intent.actionDigest, idempotency_key: intent.idempotencyKey, connector_version: intent.connectorVersion,
    instance_id: intent.instanceId, decision_id: decision.id, approval_id: intent.consumeApprovalId, attempt: call.step.attempt, fence: call.step.fence,
  });
}

export function outcomeEvent(call: CallIdentity, worker: string, callId: string, outcome: Outcome): NewAuditEvent {
  return callEvent(call, worker, 'call.outcome', { kind: 'tool_call', id: callId }, {
    state: outcome.state, duration_ms: Math.round(outcome.durationMs), request_digest: outcome.requestDigest, response_digest: outcome.responseDigest, ...outcomeData(outcome),
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

function outcomeData(outcome: Outcome): AuditData {
  const cost_usd = (outcome.costs ?? []).map((line) => line.amount_usd);
  const model: AuditData = outcome.model === undefined ? {} : { model: { ...outcome.model, usage: { ...outcome.model.usage } } };
  if (outcome.state !== 'succeeded') return { error_code: outcome.error.code, ...(cost_usd.length === 0 ? {} : { cost_usd }), ...model };
  const receipt = outcome.receipt;
  return {
    cost_usd,
    ...model,
    ...(hasHidden(outcome.hidden ?? {}) ? { hidden_characters: describeHidden(outcome.hidden ?? {}) } : {}),
    ...(receipt === null ? {} : { target_id: receipt.target_id, version_before: receipt.version_before, version_after: receipt.version_after, fields_written: receipt.fields_written, verified_by_reading_back: receipt.verified_by_reading_back }),
  };
}
