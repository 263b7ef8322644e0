import { newId } from '@countersign/platform/ids/typeid.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { maskInput } from './mask-input.ts';
import { policyInput } from './policy-input.ts';
import type { ApprovalInHand, DecisionRecord } from './ports.ts';

/** A call, the exact action that it is, and what policy says of it. */
export interface Decided {
  readonly call: Call;
  readonly plan: PlannedAction;
  readonly decision: DecisionRecord;
}

/** Asks policy about exactly this action as things stand now, and makes the record of the answer. */
export async function askPolicy(parts: GatewayParts, call: Call, plan: PlannedAction, approval: ApprovalInHand | null): Promise<DecisionRecord> {
  const { identity, action, routedFrom } = call.request;
  const situation = await parts.situation.of(identity);
  const now = parts.clock.now();
  const asked = policyInput(call, plan, { situation, approval, now });
  const decision = await parts.pdp.decide(asked, { facts: parts.facts.of(identity, { action, instanceId: call.instance.id, at: now }) });
  // What was never read as JSON is not kept in any form.
  const masked = maskInput(decision.input_text === undefined ? null : { ...asked, ...decision.facts }, { parameters: call.manifest.parameters, keep: decision.keep ?? [] });
  return {
    id: newId('decision'),
    action,
    instanceId: call.instance.id,
    actionDigest: plan.digest,
    outcome: decision.outcome,
    reasons: decision.reasons,
    obligations: decision.obligations,
    bundle: decision.bundle,
    path: decision.path,
    inputText: decision.input_text ?? 'null',
    inputDigest: decision.input_digest,
    maskedInput: masked.input,
    erased: masked.erased,
    evaluatedUs: decision.evaluated_us,
    shadows: decision.shadows,
    approvalId: approval?.id ?? null,
    adjusted: call.adjusted,
    routedFrom: routedFrom?.decisionId ?? null,
  };
}
