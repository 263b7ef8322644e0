import { expect, test } from 'vitest';
import { measureApi } from './measure-api.ts';
import { measurePolicy } from './measure.ts';
import { apiAsText, asText } from './report.ts';

test('the bench runs, and the decision point says what opa-wasm alone says', async () => {
  const figures = await measurePolicy({ rounds: 1, decisions: 64 });
  expect(figures.map(({ same_answers }) => same_answers)).toEqual([true, true, true, true]);
  expect(figures.every(({ bare, one_at_a_time, in_flight, cpu_ratio }) => bare.per_s > 0 && one_at_a_time.per_s > 0 && in_flight.per_s > 0 && cpu_ratio > 0)).toBe(true);
  expect(asText(figures)).toMatch(/^input \d+ B, data \d+ B\n {2}bare opa-wasm/);
}, 120_000);

test('what the API asks is measured, and policy says what the table says', async () => {
  const figures = await measureApi({ rounds: 1, decisions: 64 });
  expect(figures).toMatchObject({ same_answers: true, asked_before: { per_s: expect.any(Number) }, never_asked: { per_s: expect.any(Number) } });
  expect(apiAsText(figures)).toMatch(/asked before .*\n.*never asked /);
});
