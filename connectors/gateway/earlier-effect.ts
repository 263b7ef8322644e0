import { CallEnded, endedBy } from './call.ts';
import type { Call } from './call.ts';
import { cleanOutput } from './clean-answer.ts';
import { ONE_CALL } from './estimate.ts';
import { NO_SOURCES, outputLabelsOf } from './labels.ts';
import type { GatewayParts } from './parts.ts';
import type { CallError, EffectKey, ExistingEffect } from './ports.ts';
import { priced } from './pricing.ts';
import { reconcileEffect } from './reconcile-effect.ts';
import type { Looked } from './looked.ts';
import { redacted } from './redact.ts';
import { atInstance } from './resolve.ts';
import { readStoredAction } from './stored-action.ts';

/**
 * A write that an earlier attempt sent, or may have sent, is never sent again on a guess: one that succeeded gives its stored outcome,
 * and one of unknown outcome is looked up in the system of record first. The same holds for another step's write under the same key.
 * Returns only when nothing has happened yet.
 */
export async function settleEarlierEffect(parts: GatewayParts, call: Call, key: EffectKey | null): Promise<void> {
  if (!call.changesSomething) return;
  const effect = await parts.store.findEffect(call.request.identity, key);
  if (effect === null) return;
  if (!effect.ofThisCall && key !== null) refuseOtherParameters(key, effect);
  if (effect.state === 'succeeded') throw await storedOutcome(parts, call, effect, key);
  if (effect.state === 'intended' && !effect.ofThisCall && key !== null) throw underWay(effect, key);
  await findOut(parts, call, effect, effect.ofThisCall ? null : key);
}

/** Nothing has happened yet, and nothing is to be sent. */
export function notSentAgain(why: NonNullable<Call['request']['onlyFindOut']>): CallError {
  if (why === 'run_cancelled') return { code: why, retryable: true, message: 'Its run is being cancelled, and nothing of this step has happened; it is not sent.' };
  const because = why === 'deadline_exceeded' ? 'its deadline is over' : 'its attempts are used up';
  return { code: why, retryable: false, message: `Nothing of this step has happened, and ${because}; it is not sent again.` };
}

function refuseOtherParameters(key: EffectKey, effect: ExistingEffect): void {
  if (effect.parametersDigest === key.parametersDigest) return;
  const heads = [effect.parametersDigest, key.parametersDigest].map((digest) => digest?.slice(0, 'sha256:'.length + 12) ?? 'unknown');
  throw endedBy({
    code: 'idempotency_conflict', retryable: false,
    message: `The idempotency key ${key.text} was used for ${key.action} with other parameters (${heads[0]} in ${effect.callId} of ${effect.runId}, ${heads[1]} here). Use a key of its own for each effect.`,
  });
}

/** Its own run recovers it when its worker is lost, so it is waited for and not interfered with. */
function underWay(effect: ExistingEffect, key: EffectKey): CallEnded {
  return endedBy({ code: 'idempotency_in_progress', retryable: true, retryAfterMs: 500, message: `${effect.callId} of ${effect.runId} does ${key.action} under the idempotency key ${key.text} right now.` });
}

async function storedOutcome(parts: GatewayParts, call: Call, effect: ExistingEffect, key: EffectKey | null): Promise<CallEnded> {
  if (!effect.ofThisCall && key !== null) await parts.store.commitReplay(call.request.identity, effect, key);
  return new CallEnded({ kind: 'succeeded', callId: effect.callId, output: effect.output ?? {}, outputLabels: outputLabelsOf(call, { ...NO_SOURCES, approved: await wasApproved(parts, call, effect) }), receipt: effect.receipt });
}

/** Whether people countersigned it for this very step; the approval of another step's is not looked for. */
async function wasApproved(parts: GatewayParts, call: Call, effect: ExistingEffect): Promise<boolean> {
  const approval = effect.ofThisCall ? await parts.store.findApproval(call.request.identity) : null;
  return approval?.state === 'consumed' && approval.actionDigest === effect.actionDigest;
}

const NOT_FOUND: CallError = { code: 'effect_not_found', message: 'The system of record shows that nothing happened.', retryable: true };
const SENT_AGAIN: CallError = { code: 'effect_not_known', message: 'Nobody has looked whether it happened: the action may be sent twice without harm, so it is sent again in another call.', retryable: true };

const INSTANCE_GONE: Looked = { happened: 'unknown', forGood: true, why: 'It may have been sent to an instance that is not there any more, or is pinned to another package; a person must look.' };

/** Where it was sent, which policy may have chosen. A text that cannot be read is for `reconcileEffect` to judge. */
function instanceOf(effect: ExistingEffect): string | null {
  return readStoredAction(effect.actionText, effect.actionDigest)?.action.instance_id ?? null;
}

/** Asks the system of record, writes what it says, and returns only when nothing happened: then there is room for the effect again. */
async function findOut(parts: GatewayParts, call: Call, effect: ExistingEffect, key: EffectKey | null): Promise<void> {
  const { identity } = call.request;
  const prices = await parts.prices.rowsFor(identity.tenant.id);
  const started = performance.now();
  const there = await atInstance(parts, call, instanceOf(effect));
  const found = there === null ? INSTANCE_GONE : await reconcileEffect(parts, there, effect);
  const record = { durationMs: Math.round(performance.now() - started), requestDigest: null, responseDigest: null };
  if (found.happened === true) {
    const { output, receipt = null, usage = [] } = found.result;
    const { output: clean, hidden } = cleanOutput(call, output);
    const kept = redacted(clean, call.manifest.redact);
    const costs = [ONE_CALL, ...usage].map((used) => priced(prices, used, parts.clock.now()));
    await parts.store.commitOutcome(identity, effect.callId, { state: 'succeeded', output: kept, receipt, costs, hidden: { ...hidden, ...found.hidden }, ...record }, key);
    throw await storedOutcome(parts, call, { ...effect, output: kept, receipt }, key);
  }
  if (found.happened === false) {
    return parts.store.commitOutcome(identity, effect.callId, { state: 'failed', error: found.error ?? (found.unseen === true ? SENT_AGAIN : NOT_FOUND), ...record }, key);
  }
  const error: CallError = { code: 'outcome_unknown', message: found.why, retryable: found.forGood !== true, ...(found.retryAfterMs === undefined ? {} : { retryAfterMs: found.retryAfterMs }) };
  if (effect.state === 'intended') await parts.store.commitOutcome(identity, effect.callId, { state: 'uncertain', error, ...record }, key);
  throw new CallEnded({ kind: 'uncertain', callId: effect.callId, error });
}
