import type { Action, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { GIVEN, LABELS, splitSubcategory, splitTicketId, tagOf } from '../labels.ts';
import type { LabelName } from '../labels.ts';
import { loadedModel } from '../loaded-models.ts';
import type { Prediction, RankedValue } from '../model.ts';
import { predict } from '../predict.ts';
import { proposalNote } from '../proposal-note.ts';
import { sourceInstance } from './source-instance.ts';

/** `generate`: what the instance's own model proposes for one ticket. Runs here; nothing is sent anywhere. */
export const generate: Action = {
  // The time-out of the manifest, spent on nothing but thinking.
  estimate: () => [{ meter: 'classifier.cpu', quantity: 30, unit: 's' }],

  async execute(context, parameters) {
    const source = await sourceInstance(context, parameters);
    const stored = await context.models.latest(source.id);
    if (stored === null) {
      throw new ConnectorError({ code: 'model_not_trained', effect: 'none', retryable: true, retryAfterMs: 2_000, message: `There is no model of ${source.name} yet; it is being trained, or the workflow classifier-training must be run.` });
    }
    const started = performance.now();
    const prediction = predict(loadedModel(stored), ticketOf(parameters));
    const allowed = allowedOf(parameters);
    const chosen = chooseValues(prediction, allowed);
    const tags = chooseTags(prediction, allowed.get('tags'));
    const similar = prediction.similar.map(({ id, similarity }) => ({ ...splitTicketId(id), similarity }));
    const model = { id: stored.id, version: stored.version, digest: stored.digest, labelled_count: prediction.labelled_count };
    const proposal = {
      category: chosen.category?.value ?? null,
      subcategory: chosen.subcategory?.value ?? null,
      assignment_group: chosen.assignment_group?.value ?? null,
      impact: chosen.impact?.value ?? null,
      urgency: chosen.urgency?.value ?? null,
      tags: tags.map(({ value }) => value),
      confidence: confidenceOf(prediction, chosen, tags),
      per_tag: Object.fromEntries(tags.map(({ value, confidence }) => [value, confidence])),
      per_label: Object.fromEntries(Object.entries(chosen).map(([name, { value, confidence, top }]) => [name, { value, confidence, top: top.map((each) => ({ ...each })) }])),
      summary: prediction.summary,
      similar,
      mode: prediction.mode,
      model,
    };
    // Prediction is synchronous, so the time it takes is the processor's.
    const usage = [{ meter: 'classifier.cpu', quantity: (performance.now() - started) / 1_000, unit: 's' }];
    return { output: { ...proposal, note: proposalNote(proposal) }, usage };
  },
};

/** The subcategory refines and is not decided on, so it does not lower the confidence of the whole. */
const CONFIDENCE_OF = ['category', 'assignment_group', 'impact', 'urgency'] as const;

/** Of a source that has tags alone, the least sure of those proposed; of any other, the least sure of its labels. */
function confidenceOf(prediction: Prediction, chosen: Partial<Record<LabelName, Chosen>>, tags: readonly RankedValue[]): number {
  const hasLabels = LABELS.some((name) => prediction.labels[name] !== undefined);
  const all = hasLabels ? CONFIDENCE_OF.map((name) => chosen[name]?.confidence ?? 0) : tags.map(({ confidence }) => confidence);
  return all.length === 0 ? 0 : Math.min(...all);
}

/** Tags that are rather given than not, the surest first. */
function chooseTags(prediction: Prediction, allowed: ReadonlySet<string> | undefined): RankedValue[] {
  return Object.entries(prediction.labels)
    .flatMap(([label, { value, confidence }]) => {
      const tag = tagOf(label);
      return tag !== null && value === GIVEN && (allowed?.has(tag) ?? true) ? [{ value: tag, confidence: bounded(confidence) }] : [];
    })
    .toSorted((a, b) => b.confidence - a.confidence);
}

/** Calibration ends in a division, whose last bit may lie above 1. */
function bounded(confidence: number): number {
  return Math.min(1, Math.max(0, confidence));
}

interface Chosen extends RankedValue {
  readonly top: readonly RankedValue[];
}

/** The best allowed value of each label, and the best subcategory that belongs to the chosen category. */
function chooseValues(prediction: Prediction, allowed: ReadonlyMap<string, ReadonlySet<string>>): Partial<Record<LabelName, Chosen>> {
  const chosen: Partial<Record<LabelName, Chosen>> = {};
  for (const name of LABELS) {
    const ranked = name === 'subcategory' ? subcategoriesOf(prediction, chosen.category?.value) : (prediction.labels[name]?.top ?? []);
    const top = ranked
      .filter(({ value }) => allowed.get(name)?.has(value) ?? true)
      .map(({ value, confidence }) => ({ value, confidence: bounded(confidence) }));
    if (top[0] !== undefined) chosen[name] = { ...top[0], top };
  }
  return chosen;
}

function subcategoriesOf(prediction: Prediction, category: string | undefined): RankedValue[] {
  return (prediction.labels['subcategory']?.top ?? [])
    .map(({ value, confidence }) => ({ ...splitSubcategory(value), confidence }))
    .filter((pair) => pair.category === category)
    .map(({ subcategory, confidence }) => ({ value: subcategory, confidence }));
}

function ticketOf(parameters: JsonObject): { short_description: string; description: string } {
  const input = parameters['input'] as JsonObject;
  return { short_description: String(input['short_description'] ?? ''), description: String(input['description'] ?? '') };
}

function allowedOf(parameters: JsonObject): Map<string, Set<string>> {
  const allowed = (parameters['allowed'] ?? {}) as Record<string, string[]>;
  return new Map(Object.entries(allowed).map(([name, values]) => [name, new Set(values)]));
}
