import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ExecutionError } from '../errors.ts';
import type { RunPins } from '../dispatch/repository-runs.ts';
import type { ActiveWorkflow, DeliveryRow, NewStep } from './queries.ts';

/** What a person or the runtime itself asked for by hand, or is due by the clock. */
export interface ManualStart {
  readonly workflow: string;
  readonly trigger: JsonObject;
}

/** @throws ExecutionError `delivery_unreadable` */
export function readManualStart(payload: JsonObject): ManualStart {
  const { workflow, trigger } = payload;
  if (typeof workflow !== 'string' || !isObject(trigger)) throw new ExecutionError('delivery_unreadable', 'A start by hand needs the workflow\'s name and a trigger object.');
  return { workflow, trigger };
}

/** The steps of a fresh run. @throws ExecutionError `definition_invalid` */
export function planSteps(workflow: ActiveWorkflow): NewStep[] {
  const steps = workflow.definition.steps;
  if (!Array.isArray(steps) || steps.length === 0) throw new ExecutionError('definition_invalid', `Version ${workflow.version} of ${workflow.name} has no steps.`);
  return steps.map((step, ordinal) => ({ id: newId('step'), key: step.id, ordinal, uses: step.uses, needs: step.needs, max_attempts: step.retry.max_attempts, deadline_ms: step.deadline_ms ?? null }));
}

/** What the run goes on with whatever is published meanwhile. */
export function planPins(workflow: ActiveWorkflow, now: Pick<RunPins, 'policy_bundle_seq' | 'connectors' | 'trigger'>, workflows: RunPins['workflows'] = {}): RunPins {
  const models = Object.fromEntries(Object.entries(workflow.definition.models ?? {}).map(([name, { use, fallback }]) => [name, { use, ...(fallback.length === 0 ? {} : { fallback }) }]));
  const files = Object.fromEntries((workflow.definition.files ?? []).map(({ path, sha256 }) => [path, sha256]));
  return { policy_bundle_seq: now.policy_bundle_seq ?? null, connectors: now.connectors ?? {}, models, trigger: now.trigger ?? null, ...(Object.keys(files).length === 0 ? {} : { files }), ...(Object.keys(workflows).length === 0 ? {} : { workflows }) };
}

/**
 * What makes the run the only one of its workflow: the record that the event is about, or its version where the trigger runs for each; a
 * start by hand is always a new one, and one by the clock is of its due time.
 */
export function triggerKeyOf(delivery: DeliveryRow): string {
  if (delivery.source === 'manual') return delivery.id;
  if (delivery.source === 'schedule') return delivery.dedupe_key;
  return `${delivery.instance_id}:${delivery.run_per === 'version' ? delivery.dedupe_key : delivery.subject}`;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
