import { expect, test } from 'vitest';
import type { CatchUp } from '@countersign/contracts/workflow/definition.ts';
import { readTimeTable } from '@countersign/platform/clock/cron.ts';
import { decideDue } from './decide-due.ts';

function due(pattern: string, from: string, now: string, catchUp: CatchUp): { times: string[]; skipped: number } {
  const { times, skipped } = decideDue(readTimeTable(pattern, 'UTC'), new Date(`2026-05-01T${from}Z`), new Date(`2026-05-01T${now}Z`), catchUp);
  return { times: times.map((at) => at.toISOString().slice(11, 16)), skipped };
}

test('what is due is started once, by every policy', () => {
  for (const catchUp of ['skip', 'latest', 'all'] as const) {
    expect(due('0 * * * *', '08:30:00', '09:00:01', catchUp)).toEqual({ times: ['09:00'], skipped: 0 });
    expect(due('0 * * * *', '09:00:00', '09:00:01', catchUp)).toEqual({ times: [], skipped: 0 });
  }
});

test('what nobody was there for is left out, made good once, or made good in full', () => {
  expect(due('0 * * * *', '05:30:00', '09:30:00', 'skip')).toEqual({ times: [], skipped: 4 });
  expect(due('0 * * * *', '05:30:00', '09:30:00', 'latest')).toEqual({ times: ['09:00'], skipped: 3 });
  expect(due('0 * * * *', '05:30:00', '09:30:00', 'all')).toEqual({ times: ['06:00', '07:00', '08:00', '09:00'], skipped: 0 });
});

test('late by less than a minute is in time', () => {
  expect(due('0 * * * *', '05:30:00', '09:00:59', 'skip')).toEqual({ times: ['09:00'], skipped: 3 });
});

test('no more than a hundred are made good', () => {
  const { times, skipped } = due('* * * * *', '00:00:00', '23:00:00', 'all');
  expect(times).toHaveLength(100);
  expect([times[0], times.at(-1), skipped]).toEqual(['21:21', '23:00', 1]);
});
