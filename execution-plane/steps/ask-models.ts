import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallResult, Gateway, RoutedFrom } from '@countersign/connectors/gateway/ports.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';
import { connectorOf, modelsOf, resolveModelCall } from './resolve-call.ts';

export interface AskModels {
  readonly gateway: Gateway;
  readonly signal: AbortSignal;
  /** Of the step under a call key. */
  readonly identity: (callKey: string) => CallIdentity;
}

/**
 * Why the next model is asked: the one before is not there for us now. Not for what it refused, filtered or answered badly: another model
 * would be asked until one agrees.
 */
const FALLS_BACK: ReadonlySet<string> = new Set([
  'model_overloaded', 'model_spend_limit', 'peer_unavailable', 'peer_timeout', 'peer_connection_lost', 'peer_rate_limited', 'circuit_open', 'instance_rate_limited', 'instance_busy',
]);

/**
 * Asks the step's model, the ones that policy routes to, and its fallbacks, each by a governed call with a decision and a record of its own
 * (`main`, `main/route#1`, `main/fallback#1`, ...). Which one answered is in the records.
 *
 * @throws ExecutionError `model_unknown`, StaleLeaseError
 */
export async function askModels(step: StepDefinition, facts: RunFacts, labelled: Labelled, options: AskModels): Promise<CallResult> {
  const failures: CallResult[] = [];
  for (const [index, use] of modelsOf(step, facts, labelled).entries()) {
    const result = await askOne(step, facts, labelled, use, index === 0 ? 'main' : `main/fallback#${index}`, options);
    if (result.kind !== 'failed' || !FALLS_BACK.has(result.error.code)) return failures.length > 0 && result.kind !== 'succeeded' ? mostHopeful([...failures, result]) : result;
    failures.push(result);
  }
  return mostHopeful(failures);
}

/** One model, or the one that policy sends the call to: decided again there, and a rule that would send it on is denied by the gateway. */
async function askOne(step: StepDefinition, facts: RunFacts, labelled: Labelled, use: string, callKey: string, { gateway, signal, identity }: AskModels): Promise<CallResult> {
  const ask = (model: string, key: string, routedFrom?: RoutedFrom): Promise<CallResult> => gateway.call({
    identity: identity(key), signal, idempotencyKey: null, ...(routedFrom === undefined ? {} : { routedFrom }),
    ...resolveModelCall(step, facts, labelled, model, { takes: takenBy(gateway, model), routed: routedFrom !== undefined }),
  });
  const result = await ask(use, callKey);
  return result.kind === 'routed' ? ask(result.target, `${callKey}/route#1`, result.from) : result;
}

function takenBy(gateway: Gateway, use: string): readonly string[] | null {
  const action = gateway.manifests().find((manifest) => manifest.name === connectorOf(use))?.actions['generate'];
  return action === undefined ? null : Object.keys((action.parameters['properties'] ?? {}) as object);
}

/** What can still succeed later comes before what cannot: a step waits for its own model rather than fail by a fallback's refusal. */
function mostHopeful(results: readonly CallResult[]): CallResult {
  return results.find((result) => result.kind === 'waiting_for_approval') ?? results.find((result) => result.kind === 'failed' && result.error.retryable) ?? results.at(-1)!;
}
