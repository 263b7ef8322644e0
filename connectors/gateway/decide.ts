import { coveringApproval, decidedApproval } from './approval-in-hand.ts';
import { askPolicy } from './ask-policy.ts';
import type { Decided } from './ask-policy.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { routeOnward } from './obligations/route.ts';
import { refuseOtherwise, refuseUnsettled, settleParameters } from './obligations/settle-parameters.ts';
import { planAction } from './plan.ts';
import type { ApprovalInHand, DecisionRecord } from './ports.ts';

/**
 * Fixes the exact action and asks policy about it, with the approval in hand: policy is evaluated again whenever something is about to happen.
 * What comes back is the call as policy lets it be made, which may be another one than was asked for.
 */
export async function planAndDecide(parts: GatewayParts, call: Call, approval: ApprovalInHand | null): Promise<Decided> {
  if (call.request.fixed !== undefined) return decideFixed(parts, call, approval);
  const decided = await decideHere(parts, call, approval);
  if (decided.decision.outcome !== 'ROUTE') return decided;
  const there = await decideHere(parts, await routeOnward(parts, decided), approval);
  if (there.decision.outcome === 'ROUTE') await routeOnward(parts, there);
  return there;
}

/** What was decided elsewhere may be let through or not, and is made into nothing else. */
async function decideFixed(parts: GatewayParts, call: Call, approval: ApprovalInHand | null): Promise<Decided> {
  const plan = await planAction(parts, call, approval, null);
  const inHand = call.changesSomething ? approval : await decidedApproval(parts, call);
  return refuseOtherwise({ call, plan, decision: await askPolicy(parts, call, plan, coveringApproval(inHand, plan)) });
}

/** At the instance that the call is for now. */
async function decideHere(parts: GatewayParts, call: Call, approval: ApprovalInHand | null): Promise<Decided> {
  const plan = await planAction(parts, call, approval, null);
  const first = { call, plan, decision: await askPolicy(parts, call, plan, coveringApproval(approval, plan)) };
  return refuseUnsettled(await withPeople(parts, await settleParameters(parts, first, approval), approval));
}

/** Policy wants people, and people may have been asked before. */
async function withPeople(parts: GatewayParts, decided: Decided, approval: ApprovalInHand | null): Promise<Decided> {
  const { call } = decided;
  if (!asksPeople(decided.decision) || call.nested) return decided;
  const inHand = call.changesSomething ? approval : await decidedApproval(parts, call);
  return inHand === null ? decided : askedBefore(parts, decided, inHand);
}

/** Either people answered for a read, or their answer is no longer enough. */
async function askedBefore(parts: GatewayParts, first: Decided, approval: ApprovalInHand): Promise<Decided> {
  const { call, plan } = first;
  if (!call.changesSomething && coveringApproval(approval, plan) !== null) {
    const decision = await askPolicy(parts, call, plan, approval);
    if (!asksPeople(decision)) return { call, plan, decision };
  }
  if (approval.actionDigest !== plan.digest) return first;
  // The same digest cannot be asked for twice, so the new request names the one whose place it takes.
  const anew = await planAction(parts, call, approval, approval.id);
  return { call, plan: anew, decision: await askPolicy(parts, call, anew, null) };
}

function asksPeople({ outcome }: DecisionRecord): boolean {
  return outcome === 'REQUIRE_HITL' || outcome === 'REQUIRE_STEP_UP';
}
