import type { InputFields } from './input-fields.ts';
import { nearest } from './nearest.ts';

/** What may have been meant by a field that `parent` does not have: one of its own by a similar name, or one of this name elsewhere. */
export function fieldSuggestion(name: string, parent: string, oneOf: readonly string[], fields: InputFields): string {
  const meant = nearest(name, oneOf);
  if (meant !== null) return `Did you mean ${parent}.${meant}?`;
  const elsewhere = fields.paths.filter((path) => path.split('.').at(-1) === name).sort((a, b) => a.length - b.length).slice(0, 3);
  if (elsewhere.length > 0) return `Did you mean ${elsewhere.map((path) => `input.${path}`).join(' or ')}?`;
  return `It has: ${oneOf.join(', ')}.`;
}
