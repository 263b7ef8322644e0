import { expect, test } from 'vitest';
import { measurePolicy } from './measure.ts';
import { asText } from './report.ts';

test('the bench runs, and the decision point says what opa-wasm alone says', async () => {
  const figures = await measurePolicy({ rounds: 1, decisions: 64 });
  expect(figures.map(({ same_answers }) => same_answers)).toEqual([true, true, true, true]);
  expect(figures.every(({ bare, one_at_a_time, in_flight, cpu_ratio }) => bare.per_s > 0 && one_at_a_time.per_s > 0 && in_flight.per_s > 0 && cpu_ratio > 0)).toBe(true);
  expect(asText(figures)).toMatch(/^input \d+ B, data \d+ B\n {2}bare opa-wasm/);
}, 120_000);
