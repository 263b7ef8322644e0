import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { jsonPointer } from '../canonical-json/pointer.ts';
import type { ExpressionContext } from './expression.ts';
import type { Json } from './json-result.ts';
import type { ReferencePath } from './references.ts';
import { parseTemplate } from './template.ts';

/** RFC 6901 pointer -> labels: all that stands below a pointer carries its labels. */
export type PartLabels = Readonly<Record<string, readonly Label[]>>;

export interface Labelled {
  readonly value: Json;
  /** For every literal and every string with expressions. */
  readonly labels: PartLabels;
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

/** Of what stands at `path`: the labels of all its parts, or of the part that it is in. A path that leads nowhere has all of them. */
export function labelsAt(parts: PartLabels, path: ReadonlyArray<string | number>): readonly Label[] {
  const at = jsonPointer(path);
  const within = Object.entries(parts).filter(([pointer]) => pointer === at || pointer.startsWith(`${at}/`));
  if (within.length > 0) return union(within.map(([, labels]) => labels));
  for (let length = path.length - 1; length >= 0; length--) {
    const around = parts[jsonPointer(path.slice(0, length))];
    if (around !== undefined) return around;
  }
  return allOf(parts);
}

/** The labels of all parts together. */
export function allOf(parts: PartLabels): Label[] {
  return union(Object.values(parts));
}

/** The same parts as they stand below `path` of something larger. */
export function partsBelow(path: ReadonlyArray<string | number>, parts: PartLabels): PartLabels {
  return Object.fromEntries(Object.entries(parts).map(([pointer, labels]) => [`${jsonPointer(path)}${pointer}`, labels]));
}

const WRITTEN_BY_THE_AUTHOR: readonly Label[] = ['configuration'];
