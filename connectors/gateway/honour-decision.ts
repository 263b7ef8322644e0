import type { Prepared } from '../sdk/connector.ts';
import { CallEnded } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import type { DecisionRecord } from './ports.ts';
import { visiblePreview } from './visible-preview.ts';

/** Returns only when policy allows the call now; everything else is recorded and ends it. */
export async function honourDecision(parts: GatewayParts, call: Call, plan: PlannedAction, decision: DecisionRecord): Promise<void> {
  switch (decision.outcome) {
    case 'ALLOW': return;
    case 'REQUIRE_HITL': throw call.nested ? await denied(parts, call, decision) : await askPeople(parts, call, plan, decision);
    case 'THROTTLE': throw await throttled(parts, call, decision);
    case 'REQUIRE_STEP_UP': throw await denied(parts, call, withReason(decision, 'step_up_not_available', 'Policy asks for a stronger sign-in of the approver, which this version cannot ask for'));
    case 'ROUTE': throw await routed(parts, call, decision);
    // What is not one of the above is a DENY, whatever it is called.
    default: throw await denied(parts, call, decision);
  }
}

async function denied(parts: GatewayParts, call: Call, decision: DecisionRecord): Promise<CallEnded> {
  await parts.store.commitDecision(call.request.identity, decision);
  return new CallEnded({ kind: 'denied', decisionId: decision.id, reasons: decision.reasons });
}

/** Only a call to a model has somewhere else to go: what a read or a write is about is in one system. */
async function routed(parts: GatewayParts, call: Call, decision: DecisionRecord): Promise<CallEnded> {
  const { target } = decision.obligations;
  if (call.nested || call.manifest.risk !== 'model') return denied(parts, call, withReason(decision, 'route_not_available', 'Policy sends the call elsewhere, but only a step that asks a model can go elsewhere'));
  if (typeof target !== 'string' || !MODEL.test(target)) return denied(parts, call, withReason(decision, 'route_target_invalid', 'Policy sends the call elsewhere without naming a model as <connector>/<model>'));
  await parts.store.commitDecision(call.request.identity, decision);
  return new CallEnded({ kind: 'routed', decisionId: decision.id, target });
}

const MODEL = /^[a-z][a-z0-9-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

async function throttled(parts: GatewayParts, call: Call, decision: DecisionRecord): Promise<CallEnded> {
  await parts.store.commitDecision(call.request.identity, decision);
  const retryAfterMs = numberOf(decision.obligations['retry_after_ms'], 1_000);
  return new CallEnded({ kind: 'failed', error: { code: 'policy_throttled', message: decision.reasons.map((reason) => reason.message).join('; '), retryable: true, retryAfterMs } });
}

async function askPeople(parts: GatewayParts, call: Call, plan: PlannedAction, decision: DecisionRecord): Promise<CallEnded> {
  const { tier, required_role: role, required_votes: votes, deadline_ms: deadline } = decision.obligations;
  const shown = visiblePreview(plan.prepared ?? unprepared(call, plan));
  const { approvalId } = await parts.store.commitApprovalRequest(call.request.identity, decision, {
    action: plan.action,
    actionDigest: plan.digest,
    content: plan.content,
    preview: shown.preview,
    target: shown.target,
    tier: typeof tier === 'string' ? tier : 'standard',
    requiredRole: typeof role === 'string' ? role : 'approver',
    requiredVotes: numberOf(votes, 1),
    signIn: null,
    expiresAt: new Date(parts.clock.now().getTime() + numberOf(deadline, 24 * 3_600_000)),
  });
  return new CallEnded({ kind: 'waiting_for_approval', approvalId });
}

/** A read or a model call that policy wants people to see: its parameters are what there is to show. */
function unprepared(call: Call, plan: PlannedAction): Pick<Prepared, 'preview' | 'target'> {
  return {
    target: { id: call.instance.id, label: call.instance.name, version: '' },
    preview: {
      title: call.manifest.title,
      fields: [],
      additions: Object.entries(plan.parameters).map(([label, value]) => ({ label, text: typeof value === 'string' ? value : JSON.stringify(value) })),
    },
  };
}

function withReason(decision: DecisionRecord, rule: string, message: string): DecisionRecord {
  return { ...decision, reasons: [...decision.reasons, { rule, message }] };
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
