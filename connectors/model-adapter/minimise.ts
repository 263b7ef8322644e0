import type { Json } from '../sdk/connector.ts';
import { FINDERS } from './find-sensitive.ts';
import type { MinimisedKind } from './find-sensitive.ts';

export interface Minimised {
  readonly value: Json;
  /** How many replacements there were of each kind that was found. */
  readonly counts: Readonly<Record<string, number>>;
  /** Puts back what placeholders in the answer stand for: what stood in the input, and nothing else. */
  restore(answer: Json): Json;
}

/**
 * Replaces what the workflow says in every text of `value` by placeholders, the same for the same text (`[email-1]`), so that the model can
 * still tell one from another. It finds what looks like one (`find-sensitive.ts`): a name in prose is not found. Keys stay as they are.
 */
export function minimise(value: Json, kinds: readonly MinimisedKind[]): Minimised {
  const placeholders = new Map<string, string>();
  const originals = new Map<string, string>();
  const numbers = new Map<MinimisedKind, number>();
  const counts: Record<string, number> = {};
  // A placeholder that stands in the text already means itself, and must not be restored to something else.
  const present: ReadonlySet<string> = new Set(JSON.stringify(value).match(PLACEHOLDER));
  const original = (text: string): string => text.replace(PLACEHOLDER, (placeholder) => originals.get(placeholder) ?? placeholder);
  const placeholderFor = (kind: MinimisedKind, found: string): string => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    const known = placeholders.get(`${kind}:${found}`);
    if (known !== undefined) return known;
    let placeholder: string;
    do {
      const number = (numbers.get(kind) ?? 0) + 1;
      numbers.set(kind, number);
      placeholder = `[${NAMES[kind]}-${number}]`;
    } while (present.has(placeholder));
    placeholders.set(`${kind}:${found}`, placeholder);
    // What looks like a secret may reach over a placeholder that was put before.
    originals.set(placeholder, original(found));
    return placeholder;
  };
  // Secrets first: they may hold what looks like one of the others.
  const wanted = ORDER.filter((kind) => kinds.includes(kind));
  const replaced = wanted.length === 0 ? value : mapTexts(value, (text) => wanted.reduce((rest, kind) => FINDERS[kind](rest, (found) => placeholderFor(kind, found)), text));
  return {
    value: replaced,
    counts,
    restore: (answer) => (originals.size === 0 ? answer : mapTexts(answer, original)),
  };
}

const NAMES: Readonly<Record<MinimisedKind, string>> = { emails: 'email', phone_numbers: 'phone', ip_addresses: 'ip', secrets: 'secret' };
const ORDER: readonly MinimisedKind[] = ['secrets', 'emails', 'ip_addresses', 'phone_numbers'];
const PLACEHOLDER = /\[(?:email|phone|ip|secret)-\d{1,6}\]/g;

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, change)]));
}
