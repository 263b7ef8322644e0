import { expect, it } from 'vitest';
import { jobInWords, progressOf } from './job-words.ts';

it.each([
  [{ total: 200, done: 199, skipped: 0, state: 'running' as const }, 99], [{ total: 200, done: 100, skipped: 1, state: 'running' as const }, 50],
  [{ total: 3, done: 2, skipped: 1, state: 'finished' as const }, 100], [{ total: 0, done: 0, skipped: 0, state: 'queued' as const }, 100],
])('%j is at %d %%', (job, percent) => expect(progressOf(job)).toBe(percent));

it('says how far a job is', () => {
  expect(jobInWords({ kind: 'redrive', total: 40, done: 12, skipped: 2 })).toBe('12 of 40 tried again, 2 had nothing left to do');
  expect(jobInWords({ kind: 'cancel', total: 40, done: 12, skipped: 0 })).toBe('12 of 40 asked to stop');
});
