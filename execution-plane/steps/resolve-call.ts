import type { CallRequest } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { poolOf } from '@countersign/contracts/workflow/definition.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { canBePinned } from '@countersign/contracts/workflow/model-pin.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';
import { ExecutionError } from '../errors.ts';

export type ResolvedCall = Pick<CallRequest, 'action' | 'instanceName' | 'parameters' | 'labels' | 'model' | 'pool'>;

/** The step that asks one of `spec.models`. */
export const MODEL_STEP = 'model/generate';

/** The call that a step means, when it means an action of a connector. */
export function resolveCall(step: StepDefinition, facts: RunFacts, { value, labels }: Labelled): ResolvedCall {
  return {
    action: step.uses, instanceName: instanceFor(step, facts), parameters: value as JsonObject, labels, model: null,
    ...(step.placement === undefined ? {} : { pool: poolOf(step.placement) }),
  };
}

/** What a step that asks a model may ask, in this order: the model that it names, then its fallbacks. @throws ExecutionError `model_unknown` */
export function modelsOf(step: StepDefinition, facts: RunFacts, { value }: Labelled): readonly string[] {
  const { model: name } = value as JsonObject;
  const model = typeof name === 'string' && Object.hasOwn(facts.definition.models, name) ? facts.definition.models[name] : undefined;
  if (model === undefined) throw new ExecutionError('model_unknown', `The step ${step.id} names the model ${JSON.stringify(name ?? null)}, which spec.models does not define.`);
  return [model.use, ...model.fallback];
}

/**
 * `model/generate` as a call to `use`: `<connector>/generate`. It is told which instance the run came from, because local models are kept
 * per instance, and is given what it takes: a model that learns locally has no use for a prompt.
 *
 * @param takes the parameters that the connector's action declares; null when nobody knows
 * @param routed policy itself, which is signed, has named the model
 */
export function resolveModelCall(step: StepDefinition, facts: RunFacts, { value, labels }: Labelled, use: string, { takes, routed }: { readonly takes: readonly string[] | null; readonly routed: boolean }): ResolvedCall {
  const { model: name, ...rest } = value as JsonObject;
  const source = rest['source'] ?? sourceOf(facts);
  const all: JsonObject = { ...rest, model: use, ...(source === undefined ? {} : { source }) };
  const parameters = takes === null ? all : Object.fromEntries(Object.entries(all).filter(([parameter]) => takes.includes(parameter)));
  const pins = facts.pins.models?.[String(name)];
  const first = facts.definition.models[String(name)]?.use ?? '';
  return {
    action: `${connectorOf(use)}/generate`,
    instanceName: connectorOf(use) === connectorOf(first) ? step.instance : null,
    parameters,
    // Which of the workflow's own models it is, whoever named it chose.
    labels: { ...labels, '/model': labels['/model'] ?? ['configuration'], ...('source' in rest || source === undefined ? {} : { '/source': ['configuration'] }) },
    model: { use, pinned: canBePinned(use) && (routed || pins?.use === use || pins?.fallback?.includes(use) === true) },
  };
}

/** `<connector>/<instance>` of the event that started the run. */
function sourceOf({ pins: { trigger } }: RunFacts): string | undefined {
  return trigger ? `${trigger.connector}/${trigger.instance_name}` : undefined;
}

/** The instance that the step names; else, for the trigger's own connector, the one that the event came from. */
function instanceFor(step: StepDefinition, facts: RunFacts): string | null {
  const trigger = facts.pins.trigger;
  return step.instance ?? (trigger && trigger.connector === connectorOf(step.uses) ? trigger.instance_name : null);
}

export function connectorOf(uses: string): string {
  return uses.slice(0, uses.indexOf('/'));
}
