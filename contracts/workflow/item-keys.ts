import type { StepDefinition, WorkflowDefinition } from './definition.ts';

/** A step of an item of a map, by the parts of its key `<map>[<index>].<step>`. */
export interface ItemKey {
  readonly map: string;
  readonly index: number;
  readonly step: string;
}

const FORM = /^([a-z][a-z0-9_]*)\[(\d{1,4})\]\.([a-z][a-z0-9_]*)$/;

export function itemKey(map: string, index: number, step: string): string {
  return `${map}[${index}].${step}`;
}

/** Null for the key of a step that stands in the workflow itself. */
export function itemKeyOf(key: string): ItemKey | null {
  // Nearly every key is that of a plain step, and keys are read in every transition.
  if (!key.includes('[')) return null;
  const match = FORM.exec(key);
  return match === null ? null : { map: match[1]!, index: Number(match[2]), step: match[3]! };
}

/** The definition of the step with this key, also of one that stands in a map. */
export function definitionOf(definition: Pick<WorkflowDefinition, 'steps'>, key: string): StepDefinition | undefined {
  const item = itemKeyOf(key);
  if (item === null) return definition.steps.find((step) => step.id === key);
  return definition.steps.find((step) => step.id === item.map)?.steps?.find((step) => step.id === item.step);
}

/** Keys of the steps whose outputs must be at hand before this one runs. What a step of an item needs outside of its item, its map needs. */
export function neededOutputs(definition: Pick<WorkflowDefinition, 'steps'>, key: string): readonly string[] {
  return definitionOf(definition, itemKeyOf(key)?.map ?? key)?.needs ?? [];
}
