import { cleanText } from './clean-text.ts';
import type { HiddenCharacters, HiddenKind } from './clean-text.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every text inside `value` cleaned, names of members too, and what was taken out of all of them together. */
export function cleanJson<Value extends Json>(value: Value): { readonly value: Value; readonly hidden: HiddenCharacters } {
  const hidden: Partial<Record<HiddenKind, number>> = {};
  const clean = (text: string): string => {
    const cleaned = cleanText(text);
    for (const [kind, count] of Object.entries(cleaned.hidden) as Array<[HiddenKind, number]>) hidden[kind] = (hidden[kind] ?? 0) + count;
    return cleaned.text;
  };
  const walk = (item: Json): Json => {
    if (typeof item === 'string') return clean(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, member]) => [clean(key), walk(member)]));
  };
  return { value: walk(value) as Value, hidden };
}

export function hasHidden(hidden: HiddenCharacters): boolean {
  return Object.keys(hidden).length > 0;
}

/** For records, such as `['bidirectional:2', 'tag:40']`. */
export function describeHidden(hidden: HiddenCharacters): string[] {
  return Object.entries(hidden).map(([kind, count]) => `${kind}:${count}`).sort();
}
