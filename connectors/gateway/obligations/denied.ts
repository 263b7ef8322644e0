import { CallEnded } from '../call.ts';
import type { GatewayParts } from '../parts.ts';
import type { Call } from '../call.ts';
import type { DecisionRecord } from '../ports.ts';

/** Why the gateway cannot do what policy obliges it to. Bare words, as those of the decision point itself: no layer of policy writes them. */
export type UnmetObligation =
  | 'obligation_unsettled'
  | 'obligation_refused'
  | 'cap_not_applicable'
  | 'people_not_available'
  | 'policy_denied_here'
  | 'step_up_unknown'
  | 'route_not_available'
  | 'route_target_invalid'
  | 'route_loop';

/** What policy said, as a DENY: an obligation that cannot be met lets nothing pass. Its obligations stay, so that the record says which. */
export function unmet(decision: DecisionRecord, rule: UnmetObligation, message: string): DecisionRecord {
  return { ...decision, outcome: 'DENY', reasons: [...decision.reasons, { rule, message: message.slice(0, 1_024) }] };
}

/** Records the decision and ends the call by it. */
export async function denied(parts: GatewayParts, call: Call, decision: DecisionRecord): Promise<CallEnded> {
  await parts.store.commitDecision(call.request.identity, decision);
  return new CallEnded({ kind: 'denied', decisionId: decision.id, reasons: decision.reasons });
}
