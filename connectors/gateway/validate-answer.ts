import type { ActionResult, Usage } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { Call } from './call.ts';
import type { GatewayParts } from './parts.ts';
import { brokenBy } from './perform.ts';
import type { Performed } from './performed.ts';

/** An answer that breaks the manifest is no success; whether the effect happened is then for the system of record to say. */
export function validateAnswer(parts: GatewayParts, call: Call, performed: Performed): Performed {
  if (performed.state !== 'succeeded' || performed.judgedThere === 'output_too_large') return performed;
  const problem = answerProblem(parts, call, performed.result, performed.judgedThere !== undefined);
  if (problem === null) return performed;
  const error = new ConnectorError({
    code: 'response_invalid', message: `The output of ${call.request.action} does not fit its manifest: ${problem}.`,
    effect: call.changesSomething ? 'unknown' : 'none', retryable: call.changesSomething, usage: (performed.result.usage ?? []).filter(isMeterable),
    ...(performed.result.model === undefined ? {} : { model: performed.result.model }),
  });
  return { ...brokenBy(parts, call, performed.exchanges, error), exchanges: performed.exchanges, durationMs: performed.durationMs, nestedLabels: performed.nestedLabels };
}

/**
 * What is wrong with what an action or its `reconcile` gave back; null when nothing is.
 *
 * @param isRedacted what the manifest redacts is gone already, so it is not missed
 */
export function answerProblem(parts: GatewayParts, call: Call, { output, usage = [] }: ActionResult, isRedacted = false): string | null {
  const unmeterable = usage.find((used) => !isMeterable(used));
  if (unmeterable !== undefined) return `the usage of ${unmeterable.meter} is no quantity`;
  return parts.schemas.outputProblem(call.connector, call.actionName, output, isRedacted);
}

/** Whether a price can be reckoned of it. */
export function isMeterable({ quantity }: Usage): boolean {
  return Number.isFinite(quantity) && quantity >= 0 && quantity < 1e15;
}
