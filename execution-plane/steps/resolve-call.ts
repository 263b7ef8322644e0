import type { CallRequest } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';
import { ExecutionError } from '../errors.ts';

type ResolvedCall = Pick<CallRequest, 'action' | 'instanceName' | 'parameters' | 'labels' | 'model'>;

/**
 * The call that a step means. `model/generate` becomes `<connector>/generate` of the model's `use`; it is told which instance the run
 * came from, because local models are kept per instance.
 *
 * @throws ExecutionError `model_unknown`
 */
export function resolveCall(step: StepDefinition, facts: RunFacts, { value, labels }: Labelled): ResolvedCall {
  const parameters = value as JsonObject;
  if (step.uses !== 'model/generate') {
    return { action: step.uses, instanceName: instanceFor(step, facts), parameters, labels, model: null };
  }
  const { model: name, ...rest } = parameters;
  const use = typeof name === 'string' && Object.hasOwn(facts.definition.models, name) ? facts.definition.models[name]?.use : undefined;
  if (use === undefined || typeof name !== 'string') {
    throw new ExecutionError('model_unknown', `The step ${step.id} names the model ${JSON.stringify(name ?? null)}, which spec.models does not define.`);
  }
  const source = rest['source'] ?? sourceOf(facts);
  return {
    action: `${connectorOf(use)}/generate`,
    instanceName: step.instance,
    parameters: { ...rest, model: use, ...(source === undefined ? {} : { source }) },
    labels: { ...labels, '/model': ['configuration'], ...('source' in rest || source === undefined ? {} : { '/source': ['configuration'] }) },
    model: { use, pinned: facts.pins.models?.[name]?.use === use },
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

function connectorOf(uses: string): string {
  return uses.slice(0, uses.indexOf('/'));
}
