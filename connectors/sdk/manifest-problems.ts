import type { ErrorObject } from 'ajv';
import { isMap, isNode, isScalar } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/** What is wrong with a manifest, each as `<pointer> <what is wrong>. <fix>`, without what only follows from another. */
export function manifestProblems(errors: readonly ErrorObject[]): string[] {
  return errors.filter((error) => error.keyword !== 'propertyNames').map((error) => {
    const at = error.instancePath === '' ? 'the document' : error.instancePath;
    return `${at} ${described(error)}`;
  });
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
