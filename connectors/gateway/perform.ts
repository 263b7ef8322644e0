import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { ActionResult, ModelAnswer, Usage } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { createActionContext } from './action-context.ts';
import type { ExchangeLog } from './bound-egress.ts';
import type { Call, PlannedAction } from './call.ts';
import { callErrorOf } from './failures.ts';
import { heldLease } from './held-lease.ts';
import type { Intended } from './intent.ts';
import type { GatewayParts } from './parts.ts';
import type { CallError } from './ports.ts';
import { remoteOf } from './remote-place.ts';

/** How carrying out an action ended, and what went over the wire. */
export type Performed = (Answered | Broken) & {
  readonly exchanges: ExchangeLog;
  readonly durationMs: number;
  /** Labels of everything that the action read by calls of its own. */
  readonly nestedLabels: readonly Label[];
  /** Carried out by an agent: what it gives was judged, cleaned and redacted there before it left, and is left out where it was too large for that. */
  readonly judgedThere?: 'whole' | 'output_too_large';
};
export interface Answered {
  readonly state: 'succeeded';
  readonly result: ActionResult;
  /** What was taken out of the output; absent until it was looked for (`clean-answer.ts`). */
  readonly hidden?: HiddenCharacters;
}
export interface Broken {
  readonly state: 'failed' | 'uncertain';
  readonly error: CallError;
  readonly usage: readonly Usage[];
  /** What a model answered that is not used, such as a refusal. */
  readonly model?: ModelAnswer | undefined;
}

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
