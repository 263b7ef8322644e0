import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { jsonPointer } from '../canonical-json/pointer.ts';
import type { ExpressionContext } from './expression.ts';
import type { Json } from './json-result.ts';
import type { ReferencePath } from './references.ts';
import { parseTemplate } from './template.ts';

export interface Labelled {
  readonly value: Json;
  /** RFC 6901 pointer -> labels, for every literal and every string with expressions: all that stands below a pointer carries its labels. */
  readonly labels: Readonly<Record<string, readonly Label[]>>;
}

/**
 * Evaluates every string inside `value` and says where each result came from: the union of the labels of all that its expressions
 * refer to, also of what only a condition inside them reads. What refers to nothing was written by the workflow's author.
 */
export function evaluateWithLabels(value: unknown, context: ExpressionContext, labelsOf: (path: ReferencePath) => readonly Label[]): Labelled {
  const labels: Record<string, readonly Label[]> = {};
  const walk = (item: unknown, path: ReadonlyArray<string | number>): Json => {
    if (Array.isArray(item) && item.length > 0) return item.map((element, index) => walk(element, [...path, index]));
    if (typeof item === 'object' && item !== null && !Array.isArray(item) && Object.keys(item).length > 0) {
      return Object.fromEntries(Object.entries(item).map(([key, member]) => [key, walk(member, [...path, key])]));
    }
    const template = typeof item === 'string' ? parseTemplate(item) : null;
    const references = template?.references ?? [];
    labels[jsonPointer(path)] = references.length === 0 ? WRITTEN_BY_THE_AUTHOR : union(references.map(labelsOf));
    return template === null ? item as Json : template.evaluate(context);
  };
  return { value: walk(value, []), labels };
}

export function union(lists: ReadonlyArray<readonly Label[]>): Label[] {
  return [...new Set(lists.flat())].sort();
}

const WRITTEN_BY_THE_AUTHOR: readonly Label[] = ['configuration'];
