import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { expect, it } from 'vitest';
import { latencyLines, newestInWords, rateText, throughputLines } from './board-lines.ts';

type Point = components['schemas']['Board']['series'][number];

const NONE = { count: 0, p50_ms: null, p95_ms: null, p99_ms: null };
const point = (second: number, parts: Partial<Point>): Point => ({
  at: new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString(), runs_started: 0, runs_succeeded: 0, runs_failed: 0, runs_cancelled: 0, steps_claimed: 0, steps_succeeded: 0, steps_failed: 0,
  steps_retried: 0, steps_dead: 0, decisions: {}, queue_wait: NONE, step_duration: NONE, run_duration: NONE, ...parts,
});
const board = { bucket_ms: 15_000, series: [point(0, { steps_claimed: 10, runs_succeeded: 2 }), point(15, { queue_wait: { count: 3, p50_ms: 4, p95_ms: 20, p99_ms: 30 } }), point(30, { steps_claimed: 1 })] };

it('draws rates per minute, without the time that is not over', () => {
  const { at_s, lines } = throughputLines(board);
  expect(at_s.map((at) => at % 60)).toEqual([0, 15]);
  expect(lines.find(({ name }) => name === 'Steps claimed')?.values).toEqual([40, 0]);
  expect(lines.find(({ name }) => name === 'Runs ended well')?.values).toEqual([8, 0]);
});

it('leaves a gap where nothing was measured', () => {
  const lines = latencyLines(board);
  expect(lines.lines[0]?.values).toEqual([null, 4]);
  expect(newestInWords(lines, (value) => `${value} ms`)).toBe('Wait, median 4 ms, Wait, 95 % 20 ms, Step, median not measured, Step, 95 % not measured');
});

it.each([[0, '0'], [0.44, '0.4'], [9.96, '10'], [12.4, '12'], [1_234.5, '1,235']])('%d is %s', (rate, text) => expect(rateText(rate)).toBe(text));
