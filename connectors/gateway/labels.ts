import type { Label, Origin, Reading } from '@countersign/contracts/connectors/manifest.ts';
import { ORIGINS } from '@countersign/contracts/connectors/manifest.ts';
import type { ModelReading } from '@countersign/contracts/policy/decision.ts';
import { hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { JsonObject } from '../sdk/connector.ts';
import type { Call } from './call.ts';

type Labels = Readonly<Record<string, readonly Label[]>>;

/** Every label that any parameter carries. */
export function allLabels(labels: Labels): Label[] {
  return [...new Set(Object.values(labels).flat())].sort();
}

/**
 * The labels of the parameters that will be sent. A parameter that keeps its name keeps its labels; one that `prepare` made carries
 * the labels of everything it may have been made from.
 */
export function labelsOfPlanned(requested: Labels, parameters: JsonObject): Record<string, readonly Label[]> {
  const labels: Record<string, readonly Label[]> = { ...requested };
  for (const name of Object.keys(parameters)) {
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const covered = Object.keys(requested).some((known) => known === '' || known === pointer || known.startsWith(`${pointer}/`));
    if (!covered) labels[pointer] = allLabels(requested);
  }
  return labels;
}

/** What an output may derive from besides the system that was asked. */
export interface Sources {
  /** Labels of what the action read by calls of its own. */
  readonly nested: readonly Label[];
  /** What was taken out of the output. */
  readonly hidden: HiddenCharacters;
  /** Whether people countersigned exactly what the call was given. */
  readonly approved: boolean;
}

export const NO_SOURCES: Sources = { nested: [], hidden: {}, approved: false };

/**
 * What is known of an output: what the manifest says of it, and whatever is untrusted among what the call was given, because an action
 * may give back what it was given (`group.resolve` its name), unless people countersigned just that. What a nested call to a model had
 * part in stays a model's; of nested reads the manifest speaks. A model's output is a model's, whatever its manifest says, and says which
 * model read what (decision record 0013).
 */
export function outputLabelsOf({ request, connector, manifest, actionName }: Call, { nested, hidden, approved }: Sources): Label[] {
  const given = allLabels(request.labels);
  const labels: Label[] = [...manifest.output_labels, ...nested.filter((label) => label === 'model_output' || label === 'hidden_characters' || isReading(label))];
  if (manifest.risk === 'model') {
    const use = request.model?.use ?? `${connector.manifest.name}/${actionName}`;
    labels.push('model_output', ...given.filter(isOrigin).map((origin): Reading => `${use}<${origin}`), ...given.filter((label) => !isOrigin(label)));
  } else if (!approved) {
    labels.push(...given.filter((label) => !isTrusted(label)));
  }
  // What a trusted system says is cleaned where it may quote, but its ids are no less its own for that.
  if (hasHidden(hidden) && isFromOutside(labels)) labels.push('hidden_characters');
  return [...new Set(labels)].sort();
}

/** Whether text with these labels may have been written by anybody: it is cleaned of hidden characters before anyone sees it. */
export function isFromOutside(labels: readonly Label[]): boolean {
  return labels.some((label) => !isTrusted(label));
}

/** The labels as policy knows them: origins and flags by pointer, and apart from them the models that had part in each value. */
export function asPolicySees(labels: Labels): { readonly labels: Record<string, PolicyLabel[]>; readonly lineage: Record<string, ModelReading[]> } {
  const entries = Object.entries(labels);
  return {
    labels: Object.fromEntries(entries.map(([pointer, all]) => [pointer, all.filter((label) => !isReading(label))])),
    lineage: Object.fromEntries(entries.map(([pointer, all]) => [pointer, readingsIn(all)] as const).filter(([, readings]) => readings.length > 0)),
  };
}

type PolicyLabel = Exclude<Label, Reading>;

function readingsIn(labels: readonly Label[]): ModelReading[] {
  const read = new Map<string, Origin[]>();
  for (const label of labels.filter(isReading)) {
    // The name of a model may hold anything, an origin nothing but letters.
    const at = label.lastIndexOf('<');
    const model = label.slice(0, at);
    read.set(model, [...(read.get(model) ?? []), label.slice(at + 1) as Origin]);
  }
  return [...read].map(([model, origins]) => ({ model, read: origins.sort() }));
}

function isReading(label: Label): label is Reading {
  return label.includes('<');
}

function isOrigin(label: Label): label is Origin {
  return (ORIGINS as readonly string[]).includes(label);
}

function isTrusted(label: Label): boolean {
  return label === 'configuration' || label === 'trusted_system';
}
