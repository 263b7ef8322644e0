import { expect, it } from 'vitest';
import { freshnessOf } from './freshness.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString();

it.each([
  [0, 'fresh', 1, 0, 15], [5, 'fresh', 2 / 3, 5, 10], [10.5, 'ageing', 0.3, 10.5, 4.5], [15, 'stale', 0, 15, 0], [40, 'stale', 0, 40, 0], [-1, 'fresh', 1, 0, 16],
] as const)('%d minutes after it was signed a bundle of 15 minutes is %s', (minute, state, share, age_min, left_min) => {
  const freshness = freshnessOf(at(0), at(15), Date.parse(at(0)) + minute * 60_000);
  expect({ ...freshness, share: Math.round(freshness.share * 1e6) / 1e6 }).toEqual({ state, share: Math.round(share * 1e6) / 1e6, age_ms: age_min * 60_000, left_ms: left_min * 60_000 });
});
