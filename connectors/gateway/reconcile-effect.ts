import type { Prepared } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { createActionContext } from './action-context.ts';
import type { Call } from './call.ts';
import { withContent } from './content-parameters.ts';
import { callErrorOf } from './failures.ts';
import { SEND_WITHIN_MS } from './held-lease.ts';
import type { Looked } from './looked.ts';
import type { GatewayParts } from './parts.ts';
import type { ExistingEffect } from './ports.ts';
import { isPlaced, remoteOf } from './placement.ts';
import { readStoredAction } from './stored-action.ts';
import { answerProblem } from './validate-answer.ts';

/** A kill switch stops looking, too: how long until it is tried again. */
const STOPPED_MS = 5_000;

const NO_PREVIEW: Prepared['preview'] = { title: '', fields: [], additions: [] };

/**
 * Asks the system of record whether `effect` happened, unless whoever carried it out has said so meanwhile. What cannot be looked up is unknown, unless
 * sending it twice does no harm.
 */
export async function reconcileEffect(parts: GatewayParts, call: Call, effect: ExistingEffect): Promise<Looked> {
  const told = await remoteOf(parts, call)?.told(call, effect) ?? null;
  if (told !== null) return checked(parts, call, told);
  return onceSettled(call, effect, await look(parts, call, effect));
}

async function look(parts: GatewayParts, call: Call, effect: ExistingEffect): Promise<Looked> {
  if (!call.manifest.reconcile || call.action.reconcile === undefined) {
    // What is not sent again must be known.
    return call.manifest.idempotent && call.request.onlyFindOut === undefined ? { happened: false, unseen: true } : { happened: 'unknown', forGood: true, why: `${call.request.action} cannot be looked up in the system of record; a person must look.` };
  }
  const stored = readStoredAction(effect.actionText, effect.actionDigest);
  if (stored === null) return { happened: 'unknown', forGood: true, why: 'The stored action is not the one that its digest names, so nothing can be looked up by it.' };
  const remote = remoteOf(parts, call);
  if (remote !== null) return checked(parts, call, await remote.reconcile(call, effect));
  const target = effect.target ?? stored.action.target;
  const context = createActionContext(parts, call, { follows: null, actionDigest: stored.digest, runId: effect.runId });
  try {
    const parameters = withContent(stored.action.parameters, call.manifest.content_parameters, effect.content);
    const found = await call.action.reconcile(context.actionContext, parameters, target === null ? null : { parameters, target, preview: NO_PREVIEW });
    context.rethrowFault();
    return checked(parts, call, found);
  } catch (error) {
    context.rethrowFault();
    const why = callErrorOf(parts.log, call, error);
    if (why.code === 'stopped_by_kill_switch') return { happened: 'unknown', why: why.message, retryAfterMs: STOPPED_MS };
    return { happened: 'unknown', why: error instanceof ConnectorError ? `The system of record could not be asked: ${why.message}` : why.message };
  } finally {
    await context.end();
  }
}

function checked(parts: GatewayParts, call: Call, found: Looked): Looked {
  if (found.happened !== true) return found;
  const problem = answerProblem(parts, call, found.result, remoteOf(parts, call) !== null);
  return problem === null ? found : { happened: 'unknown', why: `What was found does not fit the manifest of ${call.request.action}: ${problem}.` };
}

/**
 * What the system of record does not show yet may still be on its way: a worker that was killed leaves its request with the peer, which
 * may take as long over it as the action may take. Until that time has passed since the intent, "not there" proves nothing.
 */
function onceSettled(call: Call, effect: ExistingEffect, found: Looked): Looked {
  const unsettledMs = Math.ceil(call.manifest.timeout_ms + SEND_WITHIN_MS - effect.intendedMsAgo);
  // Two agents are never given the same write at a time, not even one that does no harm twice.
  const mayBeSentTwice = call.manifest.idempotent && !isPlaced(call.instance);
  if (found.happened !== false || mayBeSentTwice || unsettledMs <= 0) return found;
  return { happened: 'unknown', why: 'Nothing is there yet, but what was sent may still arrive; it is looked for again when that is no longer possible.', retryAfterMs: unsettledMs };
}
