import type { Prepared } from '../sdk/connector.ts';
import { admitToInstance } from './admission.ts';
import { askPolicy } from './ask-policy.ts';
import { CallEnded, endedBy } from './call.ts';
import { carriedOn } from './obligations/adjust-call.ts';
import { denied } from './obligations/denied.ts';
import type { GatewayParts } from './parts.ts';
import { planAction } from './plan.ts';
import type { CallRequest, CallResult, DecisionRecord } from './ports.ts';
import { resolveCall } from './resolve.ts';
import { validateParameters } from './validate-parameters.ts';

/** Exactly what would be sent, and the digest of the action that it is; or why nothing was prepared. */
export type PreparedOnly = { readonly kind: 'prepared'; readonly prepared: Prepared; readonly digest: string } | Exclude<CallResult, { readonly kind: 'succeeded' }>;

/** What may still become of it: whoever asked decides that, with what people say. */
const LEFT_TO_WHO_ASKED: ReadonlySet<DecisionRecord['outcome']> = new Set(['ALLOW', 'REQUIRE_HITL', 'REQUIRE_STEP_UP', 'THROTTLE', 'ROUTE']);

/** Prepares a write and asks policy about it, which may forbid it here already. Nothing is intended, and nothing is sent. */
export async function prepareOnly(parts: GatewayParts, request: CallRequest, follows: string | null): Promise<PreparedOnly> {
  try {
    const call = carriedOn(await resolveCall(parts, request, false));
    validateParameters(parts, call);
    await admitToInstance(parts, call);
    const plan = await planAction(parts, call, null, follows);
    if (plan.prepared === null) throw endedBy({ code: 'action_unknown', message: `${request.action} changes nothing, so there is nothing to prepare.`, retryable: false });
    const decision = await askPolicy(parts, call, plan, null);
    if (!LEFT_TO_WHO_ASKED.has(decision.outcome)) throw await denied(parts, call, decision);
    return { kind: 'prepared', prepared: plan.prepared, digest: plan.digest };
  } catch (error) {
    if (error instanceof CallEnded && error.result.kind !== 'succeeded') return error.result;
    throw error;
  }
}
