import { obligationsInWords } from './obligations.ts';

interface Verdict {
  outcome: string;
  obligations: Readonly<Record<string, unknown>>;
}

/** What one decision has otherwise than another, in words: `DENY instead of ALLOW`, `Needs: 2 votes instead of 1 vote`. */
export function differencesOf(binding: Verdict, other: Verdict): string[] {
  const outcome = binding.outcome === other.outcome ? [] : [`${other.outcome} instead of ${binding.outcome}`];
  const before = new Map(obligationsInWords(binding.obligations).map(({ name, value }) => [name, value]));
  const after = new Map(obligationsInWords(other.obligations).map(({ name, value }) => [name, value]));
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
  return [...outcome, ...names.map((name) => `${name}: ${after.get(name) ?? 'nothing'} instead of ${before.get(name) ?? 'nothing'}`)];
}
