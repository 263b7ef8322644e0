import type { PredictionMode } from './model.ts';

interface Proposal {
  readonly category: string | null;
  readonly subcategory: string | null;
  readonly assignment_group: string | null;
  readonly impact: string | null;
  readonly urgency: string | null;
  readonly per_tag: Readonly<Record<string, number>>;
  readonly per_label: Readonly<Record<string, { readonly confidence: number }>>;
  readonly summary: string;
  readonly similar: ReadonlyArray<{ readonly number: string; readonly similarity: number }>;
  readonly mode: PredictionMode;
  readonly model: { readonly id: string; readonly version: number; readonly labelled_count: number };
}

const NAMED = [['category', 'category'], ['subcategory', 'subcategory'], ['assignment_group', 'assignment group'], ['impact', 'impact'], ['urgency', 'urgency']] as const;
const SIMILAR_NAMED = 3;

/** The proposal in words, as it is written to the record once a person has approved it. */
export function proposalNote(proposal: Proposal): string {
  const values = NAMED.flatMap(([name, words]) => {
    const value = proposal[name];
    return value === null ? [] : [`${words} ${value} (${percent(proposal.per_label[name]?.confidence ?? 0)})`];
  });
  const tags = Object.entries(proposal.per_tag).map(([tag, confidence]) => `${tag} (${percent(confidence)})`);
  const proposed = [...values, ...(tags.length === 0 ? [] : [`labels ${tags.join(', ')}`])];
  const similar = proposal.similar.filter(({ number }) => number !== '').slice(0, SIMILAR_NAMED).map(({ number }) => number);
  return [
    `Proposed by the local model ${proposal.model.id}, version ${proposal.model.version}, from ${proposal.model.labelled_count} finished tickets: ${proposed.join(', ') || 'nothing'}.`,
    ...(proposal.summary === '' ? [] : [`Summary: ${proposal.summary}`]),
    ...(similar.length === 0 ? [] : [`Similar: ${similar.join(', ')}.`]),
  ].join('\n');
}

function percent(confidence: number): string {
  return `${Math.round(confidence * 100)} %`;
}
