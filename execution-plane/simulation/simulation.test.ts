import { describe, expect, it } from 'vitest';
import { FLAWS } from './flaws.ts';
import type { Flaw } from './flaws.ts';
import { simulate } from './simulate.ts';

const SEEDS = 100;
/** A flaw shows in most seeds or in one of hundreds: so many are tried until it does. */
const MOST_SEEDS = 3_000;

describe('the simulated engine', () => {
  it(`keeps its invariants for ${SEEDS} seeds, in which much goes wrong`, () => {
    const results = Array.from({ length: SEEDS }, (_, i) => simulate(i + 1));
    expect(results.filter((result) => result.broken !== null)).toEqual([]);
    expect(results.reduce((sum, result) => sum + result.takeovers, 0)).toBeGreaterThan(SEEDS);
    expect(results.reduce((sum, result) => sum + result.effects, 0)).toBeGreaterThan(10 * SEEDS);
  });

  it('is the same again with the same seed, to the last word, and another with another', () => {
    const told = (seed: number): string[] => {
      const lines: string[] = [];
      simulate(seed, new Set(), (line) => lines.push(line));
      return lines;
    };
    expect(told(7)).toEqual(told(7));
    expect(simulate(7)).toEqual(simulate(7));
    expect(simulate(7).digest).not.toBe(simulate(8).digest);
  });

  it.each(Object.entries(FLAWS))('notices when %s (%s), and finds it again by its seed', (flaw) => {
    const flaws = new Set([flaw as Flaw]);
    let found = simulate(1, flaws);
    for (let seed = 2; found.broken === null && seed <= MOST_SEEDS; seed++) found = simulate(seed, flaws);
    expect(found.broken).not.toBeNull();
    expect(simulate(found.seed, flaws)).toEqual(found);
    expect(simulate(found.seed).broken).toBeNull();
  });
});
