import type { ErrorObject } from 'ajv';
import { isMap, isNode, isScalar } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/** What is wrong with a manifest, each as `<pointer> <what is wrong>. <fix>`, without what only follows from another. */
export function manifestProblems(errors: readonly ErrorObject[]): string[] {
  const told = errors.filter((error) => error.keyword !== 'propertyNames' && !errors.some((other) => isMisspelt(other, error)));
  return told.map((error) => {
    const meant = errors.find((other) => isMisspelt(error, other));
    const at = error.instancePath === '' ? 'the document' : error.instancePath;
    return `${at} ${described(error)}${meant === undefined ? '' : ` (did you mean ${nameIn(meant)}?)`}`;
  });
}

/** A key that nobody knows beside a missing one that is spelt nearly so: one mistake, not two. */
function isMisspelt(unknown: ErrorObject, missing: ErrorObject): boolean {
  if (unknown.keyword !== 'additionalProperties' || missing.keyword !== 'required' || unknown.instancePath !== missing.instancePath) return false;
  return distance(nameIn(unknown), nameIn(missing)) <= 2;
}

function nameIn({ params }: ErrorObject): string {
  const given = params as { additionalProperty?: string; missingProperty?: string };
  return given.additionalProperty ?? given.missingProperty ?? '';
}

/** Levenshtein's: letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

function described({ keyword, params, message = keyword, propertyName }: ErrorObject): string {
  const given = params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    case 'additionalProperties': return `must NOT have additional properties: ${String(given['additionalProperty'])} is none of a manifest's keys; look for a typo`;
    case 'required': return `lacks ${String(given['missingProperty'])}; add it`;
    case 'enum': return `must be one of ${(given['allowedValues'] as unknown[]).join(', ')}`;
    case 'const': return `must be ${JSON.stringify(given['allowedValue'])}`;
    case 'pattern': return propertyName === undefined ? `does not fit ${String(given['pattern'])}` : `has a key ${propertyName}, which does not fit ${String(given['pattern'])}`;
    default: return message;
  }
}

/** The line of the manifest that a problem is about: that of the key named last, or of the nearest thing around it. */
export function lineOfProblem(document: Document, lines: LineCounter, problem: string): number {
  const path = (problem.split(' ')[0] ?? '').split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const stranger = /additional properties: (\S+) is none/.exec(problem)?.[1];
  for (let keys = stranger === undefined ? path : [...path, stranger]; ; keys = keys.slice(0, -1)) {
    const offset = offsetOf(document, keys);
    if (offset !== null || keys.length === 0) return lines.linePos(offset ?? 0).line;
  }
}

function offsetOf(document: Document, keys: readonly string[]): number | null {
  const name = keys.at(-1);
  const parent: unknown = keys.length < 2 ? document.contents : document.getIn(keys.slice(0, -1), true);
  if (isMap(parent)) {
    const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === name)?.key;
    return isNode(key) ? key.range?.[0] ?? null : null;
  }
  const node: unknown = keys.length === 0 ? document.contents : document.getIn(keys, true);
  return isNode(node) ? node.range?.[0] ?? null : null;
}
