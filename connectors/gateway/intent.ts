import { BudgetExceededError, isPassing, PriceUnknownError } from './budget.ts';
import type { BudgetRefusal } from './budget.ts';
import { endedBy } from './call.ts';
import type { Call, CallEnded, PlannedAction } from './call.ts';
import { concurrencyOf, InstanceBusyError } from './concurrency.ts';
import { idempotencyKeyOf } from './effect-key.ts';
import { estimateOf } from './estimate.ts';
import type { Intended } from './intended.ts';
import type { GatewayParts } from './parts.ts';
import { ApprovalNotUsableError, EffectExistsError } from './ports.ts';
import type { DecisionRecord, EffectKey } from './ports.ts';

/**
 * One transaction: the decision, the intent under its idempotency key, the use of the approval, and the reservation in the budgets. Nothing
 * leaves before it has committed, and when it cannot commit the call ends here.
 */
export async function commitIntent(parts: GatewayParts, call: Call, plan: PlannedAction, decision: DecisionRecord, key: EffectKey | null): Promise<Intended> {
  if (call.request.signal.aborted) throw endedBy({ code: 'call_aborted', message: `${call.request.action} was stopped before anything was sent.`, retryable: true });
  const { identity } = call.request;
  const prices = await parts.prices.rowsFor(identity.tenant.id);
  const intendedAt = performance.now();
  try {
    const { callId } = await parts.store.commitIntent(identity, decision, {
      action: plan.action,
      actionText: plan.text,
      content: plan.content,
      actionDigest: plan.digest,
      risk: call.manifest.risk,
      connectorVersion: call.connector.manifest.version,
      instanceId: call.instance.id,
      idempotencyKey: idempotencyKeyOf(call, plan, key),
      parametersDigest: key?.parametersDigest ?? null,
      estimate: estimateOf(parts, call, plan, prices),
      // A nested call runs under its step's own place.
      concurrency: call.nested ? null : concurrencyOf(call),
      consumeApprovalId: decision.approvalId,
    });
    return { callId, intendedAt, prices, approved: decision.approvalId !== null, decision };
  } catch (error) {
    throw refusedIntent(call, error);
  }
}

function refusedIntent(call: Call, error: unknown): unknown {
  // Withdrawn or expired between reading and using it: the next attempt sees what it is now.
  if (error instanceof ApprovalNotUsableError) return endedBy({ code: 'approval_not_usable', message: error.message, retryable: true, retryAfterMs: 100 });
  // Somebody was faster between looking and writing: the next attempt finds what became of that one.
  if (error instanceof EffectExistsError) {
    return endedBy({ code: 'idempotency_in_progress', message: `Another step does ${call.request.action} under the same idempotency key right now.`, retryable: true, retryAfterMs: 500 });
  }
  if (error instanceof InstanceBusyError) {
    return endedBy({ code: 'instance_busy', message: `${call.instance.name} has ${error.limit} calls under way, as many as it is to have at a time; this one is tried again.`, retryable: true, retryAfterMs: 500 });
  }
  if (error instanceof BudgetExceededError) return refusedByBudget(call, error.refusal);
  if (error instanceof PriceUnknownError) {
    return endedBy({
      code: 'price_unknown', retryable: false,
      message: `The workspace has a budget, and nobody knows what ${call.request.action} costs: there is no price for ${error.meters.join(', ')}. Set one (PUT /api/v1/prices), then redrive.`,
    });
  }
  return error;
}

/** Waiting for another month is no retry: the step ends, with everything in it, and is redriven when the limit is raised or the month has begun. */
function refusedByBudget(call: Call, refusal: BudgetRefusal): CallEnded {
  const { kind, period, limitUsd, spentUsd, reservedUsd, estimateUsd } = refusal;
  const name = kind === 'run' ? 'the budget of this run' : `the workspace's budget of ${period}`;
  const figures = `${call.request.action} may cost ${estimateUsd} USD; ${name} is ${limitUsd} USD, of which ${spentUsd} USD are spent and ${reservedUsd} USD reserved for calls under way`;
  if (isPassing(refusal)) return endedBy({ code: 'budget_reserved', message: `${figures}. It is tried again when those have ended.`, retryable: true, retryAfterMs: 2_000 });
  const fix = kind === 'run' ? 'Raise the limit, then redrive.' : 'Raise the limit or wait for the next month (UTC), then redrive.';
  return endedBy({ code: 'budget_exceeded', message: `${figures}. ${fix}`, retryable: false });
}
