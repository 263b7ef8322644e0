import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { decidedApproval, isUsable } from './approval-in-hand.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { planAction } from './plan.ts';
import { policyInput } from './policy-input.ts';
import type { ApprovalInHand, DecisionRecord } from './ports.ts';

export interface Decided {
  readonly plan: PlannedAction;
  readonly decision: DecisionRecord;
}

/** Fixes the exact action and asks policy about it, with the approval in hand: policy is evaluated again whenever something is about to happen. */
export async function planAndDecide(parts: GatewayParts, call: Call, approval: ApprovalInHand | null): Promise<Decided> {
  const plan = await planAction(parts, call, approval, null);
  const decision = await decide(parts, call, plan, covering(approval, plan));
  if (decision.outcome !== 'REQUIRE_HITL' || call.nested) return { plan, decision };
  const inHand = call.changesSomething ? approval : await decidedApproval(parts, call);
  if (inHand === null) return { plan, decision };
  return askedBefore(parts, call, { plan, decision }, inHand);
}

/** Policy wants people, and people were asked before: either they answered for a read, or their answer is no longer enough. */
async function askedBefore(parts: GatewayParts, call: Call, first: Decided, approval: ApprovalInHand): Promise<Decided> {
  if (!call.changesSomething && covering(approval, first.plan) !== null) {
    const decision = await decide(parts, call, first.plan, approval);
    if (decision.outcome !== 'REQUIRE_HITL') return { plan: first.plan, decision };
  }
  if (approval.actionDigest !== first.plan.digest) return first;
  // The same digest cannot be asked for twice, so the new request names the one whose place it takes.
  const plan = await planAction(parts, call, approval, approval.id);
  return { plan, decision: await decide(parts, call, plan, null) };
}

function covering(approval: ApprovalInHand | null, plan: PlannedAction): ApprovalInHand | null {
  return approval !== null && isUsable(approval) && approval.actionDigest === plan.digest ? approval : null;
}

async function decide(parts: GatewayParts, call: Call, plan: PlannedAction, approval: ApprovalInHand | null): Promise<DecisionRecord> {
  const input = policyInput(parts, call, plan, approval);
  const decision = await parts.pdp.decide(input);
  return {
    id: newId('decision'),
    action: call.request.action,
    instanceId: call.instance.id,
    actionDigest: plan.digest,
    outcome: decision.outcome,
    reasons: decision.reasons,
    obligations: { ...decision.obligations },
    bundle: decision.bundle,
    path: decision.path,
    inputText: canonicalText(input),
    inputDigest: decision.input_digest,
    maskedInput: null,
    erased: ['/input'],
    evaluatedUs: decision.evaluated_us,
    shadows: decision.shadows,
    approvalId: approval?.id ?? null,
    adjusted: null,
    routedFrom: null,
  };
}
