/**
 * What a `model/generate` step proposed, read from its output as the classifier's manifest describes it
 * (`per_label`, `summary`, `similar`, `mode`). Other models may say more or less: nothing is taken for granted.
 */
export interface Proposal {
  summary: string | null;
  /** `propose` writes after approval; `suggest` only shows. Null when the model does not say. */
  mode: string | null;
  labels: Array<{ name: string; value: string; confidence: number | null; top: Array<{ value: string; confidence: number }> }>;
  similar: Array<{ id: string; label: string; similarity: number | null }>;
}

/** What people call the labels that the classifier knows; any other label is shown by its own name. */
const LABEL_NAMES: Record<string, string> = { category: 'Category', subcategory: 'Subcategory', assignment_group: 'Assignment group', impact: 'Impact', urgency: 'Urgency', priority: 'Priority' };

/** The proposal in a step's output; null when there is none, or its content was shredded. */
export function readProposal(output: unknown): Proposal | null {
  if (!isRecord(output)) return null;
  const labels = isRecord(output['per_label']) ? Object.entries(output['per_label']).flatMap(([name, label]) => readLabel(name, label)) : [];
  const similar = Array.isArray(output['similar']) ? output['similar'].flatMap(readSimilar) : [];
  const summary = textOf(output['summary']);
  if (labels.length === 0 && summary === null && similar.length === 0) return null;
  return { summary, mode: textOf(output['mode']), labels, similar };
}

function readLabel(name: string, label: unknown): Proposal['labels'] {
  if (!isRecord(label)) return [];
  const value = textOf(label['value']);
  if (value === null) return [];
  const top = Array.isArray(label['top']) ? label['top'].flatMap((choice) => {
    const text = isRecord(choice) ? textOf(choice['value']) : null;
    const confidence = isRecord(choice) ? fraction(choice['confidence']) : null;
    return text === null || confidence === null ? [] : [{ value: text, confidence }];
  }) : [];
  return [{ name: LABEL_NAMES[name] ?? name, value, confidence: fraction(label['confidence']), top }];
}

function readSimilar(ticket: unknown): Proposal['similar'] {
  if (!isRecord(ticket)) return [];
  const id = textOf(ticket['id']) ?? textOf(ticket['number']) ?? textOf(ticket['sys_id']);
  if (id === null) return [];
  const label = textOf(ticket['number']) ?? id;
  const says = textOf(ticket['short_description']);
  return [{ id, label: says === null ? label : `${label} ${says}`, similarity: fraction(ticket['similarity']) }];
}

function fraction(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
