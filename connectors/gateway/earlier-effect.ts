import type { Prepared, Reconciled } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { createActionContext } from './action-context.ts';
import { CallEnded } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { outputProblem } from './carry-out.ts';
import { withContent } from './content-parameters.ts';
import { callErrorOf } from './failures.ts';
import type { CallError, ExistingEffect, Outcome } from './ports.ts';
import { redacted } from './redact.ts';
import { readStoredAction } from './stored-action.ts';

const NO_PREVIEW: Prepared['preview'] = { title: '', fields: [], additions: [] };

/**
 * A write that an earlier attempt sent, or may have sent, is never sent again on a guess: one that succeeded gives its stored outcome,
 * and one of unknown outcome is looked up in the system of record first. Returns only when nothing has happened yet.
 */
export async function settleEarlierEffect(parts: GatewayParts, call: Call): Promise<void> {
  if (!call.changesSomething) return;
  const effect = await parts.store.findEffect(call.request.identity);
  if (effect === null) return;
  if (effect.state === 'succeeded') {
    throw new CallEnded({ kind: 'succeeded', callId: effect.callId, output: effect.output ?? {}, outputLabels: call.manifest.output_labels, receipt: effect.receipt });
  }
  const started = performance.now();
  const found = onceSettled(call, effect, await reconcile(parts, call, effect));
  const commit = (outcome: Settled): Promise<void> => parts.store.commitOutcome(call.request.identity, effect.callId, {
    ...outcome, durationMs: Math.round(performance.now() - started), requestDigest: null, responseDigest: null,
  } as Outcome);

  if (found.happened === true) {
    const { output, receipt = null } = found.result;
    const kept = redacted(output, call.manifest.redact);
    await commit({ state: 'succeeded', output: kept, receipt, costs: [] });
    throw new CallEnded({ kind: 'succeeded', callId: effect.callId, output: kept, outputLabels: call.manifest.output_labels, receipt });
  }
  if (found.happened === false) {
    await commit({ state: 'failed', error: { code: 'effect_not_found', message: 'The system of record shows that nothing happened.', retryable: true } });
    return;
  }
  const error: CallError = { code: 'outcome_unknown', message: found.why, retryable: true, ...(found.retryAfterMs === undefined ? {} : { retryAfterMs: found.retryAfterMs }) };
  if (effect.state === 'intended') await commit({ state: 'uncertain', error });
  throw new CallEnded({ kind: 'uncertain', callId: effect.callId, error });
}

type Looked = Exclude<Reconciled, { happened: 'unknown' }> | (Extract<Reconciled, { happened: 'unknown' }> & { readonly retryAfterMs?: number });

/**
 * What the system of record does not show yet may still be on its way: a worker that was killed leaves its request with the peer, which
 * may take as long over it as the action may take. Until that time has passed since the intent, "not there" proves nothing.
 */
function onceSettled(call: Call, effect: ExistingEffect, found: Reconciled): Looked {
  const unsettledMs = Math.ceil(call.manifest.timeout_ms - effect.intendedMsAgo);
  if (found.happened !== false || call.manifest.idempotent || unsettledMs <= 0) return found;
  return { happened: 'unknown', why: 'Nothing is there yet, but what was sent may still arrive; it is looked for again when that is no longer possible.', retryAfterMs: unsettledMs };
}

type Settled =
  | { readonly state: 'succeeded'; readonly output: Extract<Outcome, { state: 'succeeded' }>['output']; readonly receipt: Extract<Outcome, { state: 'succeeded' }>['receipt']; readonly costs: readonly [] }
  | { readonly state: 'failed' | 'uncertain'; readonly error: CallError };

async function reconcile(parts: GatewayParts, call: Call, effect: ExistingEffect): Promise<Reconciled> {
  if (!call.manifest.reconcile || call.action.reconcile === undefined) {
    return call.manifest.idempotent ? { happened: false } : { happened: 'unknown', why: `${call.request.action} cannot be looked up in the system of record; a person must look.` };
  }
  const stored = readStoredAction(effect.actionText, effect.actionDigest);
  if (stored === null) return { happened: 'unknown', why: 'The stored action is not the one that its digest names, so nothing can be looked up by it.' };
  const target = effect.target ?? stored.action.target;
  const context = createActionContext(parts, call, { follows: null, actionDigest: stored.digest });
  try {
    const parameters = withContent(stored.action.parameters, call.manifest.content_parameters, effect.content);
    const found = await call.action.reconcile(context.actionContext, parameters, target === null ? null : { parameters, target, preview: NO_PREVIEW });
    context.rethrowFault();
    return checked(parts, call, found);
  } catch (error) {
    context.rethrowFault();
    const why = callErrorOf(parts.log, call, error);
    return { happened: 'unknown', why: error instanceof ConnectorError ? `The system of record could not be asked: ${why.message}` : why.message };
  } finally {
    await context.end();
  }
}

function checked(parts: GatewayParts, call: Call, found: Reconciled): Reconciled {
  if (found.happened !== true) return found;
  const problem = outputProblem(parts, call, found.result.output);
  return problem === null ? found : { happened: 'unknown', why: `What was found does not fit the manifest of ${call.request.action}: ${problem}.` };
}
