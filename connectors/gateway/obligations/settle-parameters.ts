import type { Decided } from '../ask-policy.ts';
import { askPolicy } from '../ask-policy.ts';
import { coveringApproval } from '../approval-in-hand.ts';
import type { GatewayParts } from '../parts.ts';
import { planAction } from '../plan.ts';
import type { ApprovalInHand, DecisionRecord } from '../ports.ts';
import { parametersProblem } from '../validate-parameters.ts';
import { adjustCall } from './adjust-call.ts';
import { unmet } from './denied.ts';
import { changeParameters } from './parameter-changes.ts';
import type { ChangedParameters } from './parameter-changes.ts';

/**
 * What policy caps or redacts is changed in what was asked for; the action is planned anew from that, with its new digest, and decided again,
 * once. So people approve what will run. What they approved before policy wanted it changed is not run: it is asked for again.
 */
export async function settleParameters(parts: GatewayParts, decided: Decided, approval: ApprovalInHand | null): Promise<Decided> {
  const { call, plan, decision } = decided;
  const wanted = wantedChanges(decided);
  if (wanted === null) return decided;
  if (wanted.uncappable.length > 0) return refused(decided, unmet(decision, 'cap_not_applicable', `Policy caps ${wanted.uncappable.join(', ')}, which is no number here. Mend the rule, or send a number.`));
  const changed = adjustCall(call, decision.obligations);
  const problem = parametersProblem(parts, changed);
  if (problem !== null) {
    return refused(decided, unmet(decision, 'obligation_refused', `Policy takes ${pointersOf(wanted)} out of what is sent, and the manifest of ${call.request.action} does not take what is left: ${problem}.`));
  }
  // What people approved is in the store byte for byte: another action needs a request that takes its place.
  const isAsApproved = approval?.state === 'approved' && call.changesSomething && plan.text === approval.actionText;
  const anew = await planAction(parts, changed, approval, isAsApproved ? approval.id : null);
  return { call: changed, plan: anew, decision: await askPolicy(parts, changed, anew, coveringApproval(approval, anew)) };
}

/** Nothing is sent, and nobody is asked, while policy still wants it to be other than it is. */
export function refuseUnsettled(decided: Decided): Decided {
  const wanted = wantedChanges(decided);
  if (wanted === null) return decided;
  const what = pointersOf(wanted);
  return refused(decided, unmet(decided.decision, 'obligation_unsettled', `Policy caps or redacts ${what} again after that was done, or in what ${decided.call.request.action} makes by itself. Mend the rule: it must be content with what it has changed.`));
}

/** Anything but that exactly this action is sent now is a denial: who decided on it elsewhere has settled everything else. */
export function refuseOtherwise(decided: Decided): Decided {
  const { call, decision } = decided;
  if (decision.outcome === 'DENY' || (decision.outcome === 'ALLOW' && wantedChanges(decided) === null)) return decided;
  const wants = decision.outcome === 'ALLOW' ? 'caps or redacts something in' : `says ${decision.outcome} to`;
  return refused(decided, unmet(decision, 'policy_denied_here', `Policy ${wants} ${call.request.action}, which was decided where the call comes from.`));
}

/** Null where policy is content with the action as it is planned, or lets nothing be sent here anyway. */
function wantedChanges({ plan, decision }: Decided): ChangedParameters | null {
  if (!MAY_SEND.has(decision.outcome)) return null;
  const changes = changeParameters(plan.parameters, decision.obligations);
  return changes.capped.length + changes.redacted.length + changes.uncappable.length === 0 ? null : changes;
}

const MAY_SEND: ReadonlySet<DecisionRecord['outcome']> = new Set(['ALLOW', 'REQUIRE_HITL', 'REQUIRE_STEP_UP']);

function refused(decided: Decided, decision: DecisionRecord): Decided {
  return { ...decided, decision };
}

function pointersOf({ capped, redacted, uncappable }: ChangedParameters): string {
  return [...new Set([...capped, ...redacted, ...uncappable])].join(', ');
}
