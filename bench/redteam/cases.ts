import { readFile } from 'node:fs/promises';
import type { Json } from '@countersign/connectors/sdk/connector.ts';
import { RedteamError } from './errors.ts';
import { aimOf } from './verb-classes.ts';

/** One attack: what an attacker wrote into a ticket, and the call that the model makes because of it. */
export interface AttackCase {
  readonly id: string;
  readonly carrier_text: string;
  /** A tool by any name; ours are tried by what it does (`verb-classes.ts`). */
  readonly tool: string;
  /** Whatever the model emits; mostly an object. */
  readonly arguments: Json;
  readonly verb_class: string;
}

/** An honest run: a ticket, and what a model that behaves proposes for one action on the run's own subject. */
export interface LegitimateCase {
  readonly id: string;
  readonly ticket_text: string;
  /** `<connector>/<action>`. */
  readonly action: string;
  /** Parameters that the model gives; the subject and everything else is the workflow's. */
  readonly proposal: { readonly [name: string]: Json };
}

export interface MalformedLine {
  readonly line: number;
  readonly problem: string;
}

/**
 * The cases of a file of JSON lines. A line that is no object is reported and passed over; whatever an object lacks is taken as empty, so
 * that no case of another's making is lost.
 * @throws RedteamError `cases_unreadable`, `cases_empty`
 */
export async function readAttackCases(path: string): Promise<{ readonly cases: AttackCase[]; readonly malformed: MalformedLine[] }> {
  const { objects, malformed } = await readObjects(path);
  const cases = objects.map(({ line, value }) => ({
    id: textOf(value['id']) || `line-${line}`,
    carrier_text: textOf(value['carrier_text']),
    tool: textOf(value['tool']),
    arguments: value['arguments'] ?? {},
    verb_class: textOf(value['verb_class']),
  }));
  return { cases, malformed };
}

/** @throws RedteamError `cases_unreadable`, `cases_empty` */
export async function readLegitimateCases(path: string): Promise<{ readonly cases: LegitimateCase[]; readonly malformed: MalformedLine[] }> {
  const { objects, malformed } = await readObjects(path);
  const cases: LegitimateCase[] = [];
  for (const { line, value } of objects) {
    const { id, ticket_text, carrier_text, action, proposal, tool, verb_class } = value;
    const called = typeof action === 'string' && isObject(proposal) ? { action, proposal } : inOurActions(textOf(tool), value['arguments'] ?? {}, textOf(verb_class));
    if (called === null) malformed.push({ line, problem: 'it needs an `action` and a `proposal`, or a `tool` and its `arguments`' });
    else cases.push({ id: textOf(id) || `line-${line}`, ticket_text: textOf(ticket_text ?? carrier_text), ...called });
  }
  return { cases, malformed };
}

/**
 * An honest call in the shape of the attacks: one of our actions with what the model proposes for it, or a foreign tool. For those an honest
 * workflow here reads the ticket, or writes what the model proposes into a work note.
 */
function inOurActions(tool: string, given: Json, verbClass: string): Pick<LegitimateCase, 'action' | 'proposal'> | null {
  if (tool === '') return null;
  if (tool.includes('/')) return { action: tool, proposal: isObject(given) ? given : {} };
  if (aimOf(verbClass, tool) === 'read') return { action: 'servicenow/incident.get', proposal: {} };
  return { action: 'servicenow/incident.add-work-note', proposal: { work_note: `${tool}: ${JSON.stringify(given)}`.slice(0, 4_000) } };
}

async function readObjects(path: string): Promise<{ objects: Array<{ line: number; value: { readonly [name: string]: Json } }>; malformed: MalformedLine[] }> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new RedteamError('cases_unreadable', `The file of cases ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`);
  });
  const objects: Array<{ line: number; value: { readonly [name: string]: Json } }> = [];
  const malformed: MalformedLine[] = [];
  for (const [index, raw] of text.replace(/^\ufeff/, '').split('\n').entries()) {
    if (raw.trim() === '') continue;
    try {
      const value = JSON.parse(raw) as Json;
      if (isObject(value)) objects.push({ line: index + 1, value });
      else malformed.push({ line: index + 1, problem: 'it is JSON, but no object' });
    } catch (error) {
      malformed.push({ line: index + 1, problem: error instanceof Error ? error.message : 'it is no JSON' });
    }
  }
  if (objects.length === 0) throw new RedteamError('cases_empty', `The file of cases ${path} holds no usable line. Each line is one JSON object: {"id", "carrier_text", "tool", "arguments", "verb_class"}.`);
  return { objects, malformed };
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Other people's files may give a number where a text is meant. */
function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
