import { readFileSync } from 'node:fs';
import { ClassifierError } from '../errors.ts';
import type { LabelledTicket } from '../model.ts';

/** Labels that are learnt unless others are asked for: an export's other fields (dates, callers, languages) are no labels. */
export const KNOWN_LABELS = ['category', 'subcategory', 'assignment_group', 'impact', 'urgency', 'priority'] as const;

export function isKnownLabel(name: string): boolean {
  return (KNOWN_LABELS as readonly string[]).includes(name);
}

const TEXT_FIELDS = ['short_description', 'description'] as const;

/**
 * Reads labelled tickets, one JSON object per line; blank lines are passed over.
 * @throws ClassifierError eval_file_unreadable, eval_file_empty, eval_line_invalid, eval_duplicate_id
 */
export function readTickets(file: string): LabelledTicket[] {
  const lineOf = new Map<string, number>();
  const tickets: LabelledTicket[] = [];
  readText(file).split('\n').forEach((line, at) => {
    if (line.trim() === '') return;
    const ticket = parseLine(line, file, at + 1);
    const before = lineOf.get(ticket.id);
    if (before !== undefined) {
      throw new ClassifierError('eval_duplicate_id', `${file}:${at + 1}: id ${JSON.stringify(ticket.id)} is also on line ${before}; give every ticket an id of its own.`, { field: 'id' });
    }
    lineOf.set(ticket.id, at + 1);
    tickets.push(ticket);
  });
  if (tickets.length === 0) {
    throw new ClassifierError('eval_file_empty', `${file}: holds no ticket; put one JSON object on each line.`);
  }
  return tickets;
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ClassifierError('eval_file_unreadable', `${file}: cannot be read (${reason}); check the path and the permissions.`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ClassifierError('eval_file_unreadable', `${file}: is not UTF-8 text; convert it to UTF-8.`, { cause });
  }
}

function parseLine(line: string, file: string, number: number): LabelledTicket {
  const invalid = (what: string, field?: string): ClassifierError =>
    new ClassifierError('eval_line_invalid', `${file}:${number}: ${what}`, field === undefined ? {} : { field });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalid(`is not JSON (${cause instanceof Error ? cause.message : String(cause)}); put one whole JSON object on the line.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('must be a JSON object, as in {"id": "1", "short_description": "...", "description": "..."}.');
  const { id, short_description, description, ...rest } = value as Record<string, unknown>;
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') throw invalid('id is missing; give the ticket an id (text or number).', 'id');
  for (const field of TEXT_FIELDS) {
    const text = { short_description, description }[field];
    if (text !== undefined && text !== null && typeof text !== 'string') throw invalid(`${field} must be text, not ${typeof text}.`, field);
  }
  if (short_description === undefined && description === undefined) throw invalid('has neither short_description nor description; give the ticket its text.', 'short_description');
  return {
    id: String(id),
    short_description: typeof short_description === 'string' ? short_description : '',
    description: typeof description === 'string' ? description : '',
    labels: readLabels(rest, invalid),
  };
}

function readLabels(fields: Record<string, unknown>, invalid: (what: string, field: string) => ClassifierError): Record<string, string> {
  // Without a prototype: a label may be called `constructor`.
  const labels: Record<string, string> = Object.create(null);
  for (const [label, value] of Object.entries(fields)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number') {
      // Exports carry more than we ask for: only what would be learnt must be right.
      if (!isKnownLabel(label)) continue;
      throw invalid(`${label} must be text (or a number), not ${Array.isArray(value) ? 'a list' : typeof value}.`, label);
    }
    const text = String(value);
    if (text.trim() !== '') labels[label] = text;
  }
  return labels;
}
