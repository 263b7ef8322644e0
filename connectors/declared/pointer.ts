import type { Json } from '../sdk/connector.ts';

/** Every value at a pointer (RFC 6901; `-` stands for every element of a list). */
export function valuesAt(value: Json | undefined, pointer: string): Json[] {
  const path = pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return path.reduce<Json[]>((found, name) => found.flatMap((at) => step(at, name)), value === undefined ? [] : [value]);
}

/** As text; empty where there is nothing, or no single value. */
export function textAt(value: Json, pointer: string): string {
  const [found] = valuesAt(value, pointer);
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}

function step(at: Json, name: string): Json[] {
  if (typeof at !== 'object' || at === null) return [];
  if (!Array.isArray(at)) return Object.hasOwn(at, name) ? [at[name]!] : [];
  if (name === '-') return at;
  return /^(0|[1-9]\d*)$/.test(name) && Number(name) < at.length ? [at[Number(name)]!] : [];
}
