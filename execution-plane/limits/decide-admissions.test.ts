import { expect, test } from 'vitest';
import { decideAdmissions } from './decide-admissions.ts';
import type { WaitingRun } from './decide-admissions.ts';

function run(id: string, given: Partial<WaitingRun> = {}): WaitingRun {
  return { id, workspace_id: 'wsp', concurrency_key: '', rate_key: '', concurrency: null, rate: null, ...given };
}

const limited = (id: string, key: string, limit: number): WaitingRun => run(id, { concurrency_key: key, concurrency: { limit } });
const paced = (id: string, count: number, given: Partial<WaitingRun> = {}): WaitingRun => run(id, { rate_key: 'r', rate: { count, per_ms: 1_000 }, ...given });
const admitted = (waiting: readonly WaitingRun[], underWay: Array<[string, number]> = [], begun: Array<[string, number]> = []): string[] =>
  decideAdmissions(waiting, { underWay: new Map(underWay), begun: new Map(begun) }).map(({ id }) => id);

test('as many begin as there is room for, in their order', () => {
  expect(admitted([limited('a', 'k', 2), limited('b', 'k', 2), limited('c', 'k', 2)])).toEqual(['a', 'b']);
  expect(admitted([limited('a', 'k', 2), limited('b', 'k', 2)], [['k', 1]])).toEqual(['a']);
  expect(admitted([limited('a', 'k', 2)], [['k', 5]])).toEqual([]);
});

test('a key that is full keeps no other waiting', () => {
  expect(admitted([limited('a', 'k', 1), limited('b', 'other', 1)], [['k', 1]])).toEqual(['b']);
});

test('a version that allows more does not overtake what waits under an older one', () => {
  expect(admitted([limited('old', 'k', 1), limited('new', 'k', 5)], [['k', 1]])).toEqual([]);
});

test('a rate counts what began within its time, and both limits hold together', () => {
  expect(admitted([paced('a', 3), paced('b', 3)], [], [['r', 2]])).toEqual(['a']);
  expect(admitted([paced('a', 1, { concurrency_key: 'k', concurrency: { limit: 1 } }), paced('b', 1)], [['k', 1]])).toEqual(['b']);
});
