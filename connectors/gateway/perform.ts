import { ConnectorError } from '../sdk/errors.ts';
import { createActionContext } from './action-context.ts';
import type { Call, PlannedAction } from './call.ts';
import { callErrorOf } from './failures.ts';
import { heldLease } from './held-lease.ts';
import type { Intended } from './intended.ts';
import type { GatewayParts } from './parts.ts';
import type { Broken, ExchangeLog, Performed } from './performed.ts';
import { remoteOf } from './placement.ts';

/**
 * Runs the connector's code. It sees no credential: the egress that it is given applies one to each request to its instance, for that
 * request only (`bound-egress.ts`), and reaches nothing but the instance's allowed hosts.
 */
export async function perform(parts: GatewayParts, call: Call, plan: PlannedAction, intended: Intended): Promise<Performed> {
  const remote = remoteOf(parts, call);
  return remote === null ? performHere(parts, call, plan, intended) : remote.perform(call, plan, intended);
}

async function performHere(parts: GatewayParts, call: Call, plan: PlannedAction, { intendedAt }: Intended): Promise<Performed> {
  const held = heldLease({ intendedAt, timeoutMs: call.manifest.timeout_ms, prove: () => parts.store.proveHeld(call.request.identity) });
  const context = createActionContext(parts, call, { follows: null, actionDigest: plan.digest, held });
  const { exchanges } = context;
  const started = performance.now();
  const took = (): Pick<Performed, 'exchanges' | 'durationMs' | 'nestedLabels'> => ({ exchanges, durationMs: Math.round(performance.now() - started), nestedLabels: context.nestedLabels() });
  try {
    const result = await call.action.execute(context.actionContext, plan.parameters, plan.prepared);
    context.rethrowFault();
    return { state: 'succeeded', result, ...took() };
  } catch (error) {
    context.rethrowFault();
    return { ...brokenBy(parts, call, exchanges, error), ...took() };
  } finally {
    await context.end();
  }
}

export function brokenBy(parts: GatewayParts, call: Call, exchanges: ExchangeLog, error: unknown): Broken {
  return {
    state: mayHaveHappened(call, exchanges, error) ? 'uncertain' : 'failed',
    error: callErrorOf(parts.log, call, error),
    usage: error instanceof ConnectorError ? error.usage : [],
    model: error instanceof ConnectorError ? error.model : undefined,
  };
}

/**
 * Whether a failed write may have had its effect. The connector's word counts only where it makes things worse: an error that claims no
 * effect is not believed when a changing request was sent and not clearly refused, and a bug proves nothing at all.
 */
function mayHaveHappened(call: Call, exchanges: ExchangeLog, error: unknown): boolean {
  if (!call.changesSomething) return false;
  if (!(error instanceof ConnectorError)) return true;
  return error.effect === 'unknown' || exchanges.mayHaveChangedSomething();
}
