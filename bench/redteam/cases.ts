import { readFile } from 'node:fs/promises';
import type { Json } from '@countersign/connectors/sdk/connector.ts';
import { RedteamError } from './errors.ts';

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
    const { id, ticket_text, action, proposal } = value;
    if (typeof action !== 'string' || !isObject(proposal)) malformed.push({ line, problem: 'it needs an `action` and a `proposal`' });
    else cases.push({ id: textOf(id) || `line-${line}`, ticket_text: textOf(ticket_text), action, proposal });
  }
  return { cases, malformed };
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
