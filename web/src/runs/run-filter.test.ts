import { describe, expect, it } from 'vitest';
import { addressOf, ALL_RUN_STATES, ANY_RUN, askedFor, filterOf, filterOfSaved, queryOf, savedFiltersOf } from './run-filter.ts';

const FULL = {
  state: ALL_RUN_STATES.filter((state) => state === 'running' || state === 'failed'), q: 'INC 1&2', workflow: 'incident-triage', environment: 'prod' as const, error_code: 'unavailable', step: 'update',
  from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', last_minutes: 60, paused: true, attention: true, cursor: 'abc=',
};

describe('the address of a filter', () => {
  it('and back is the same filter', () => expect(filterOf(addressOf(FULL))).toEqual(FULL));
  it('is empty for no filter', () => expect(addressOf(filterOf(new URLSearchParams())).toString()).toBe(''));
  it('leaves out what does not exist', () => {
    expect(filterOf(new URLSearchParams('state=running,flying&environment=moon&from=soon&last_minutes=-1&paused=maybe'))).toEqual({ ...ANY_RUN, state: ['running'] });
  });
});

it('counts what is asked for, the page not', () => {
  expect(askedFor(ANY_RUN)).toBe(0);
  expect(askedFor({ ...ANY_RUN, cursor: 'x', attention: true, q: 'a' })).toBe(2);
});

it('a kept search and back is the same filter, on its first page', () => {
  expect(filterOfSaved(savedFiltersOf(FULL))).toEqual({ ...FULL, cursor: null });
  expect(savedFiltersOf(ANY_RUN)).toEqual({});
});

it('the last hour is counted back from now, to the minute', () => {
  const query = queryOf({ ...FULL, q: '' }, Date.UTC(2026, 10, 21, 12, 30, 59));
  expect(query).toMatchObject({ from: '2026-11-21T11:30:00.000Z', paused: true });
  expect(Object.keys(query)).not.toContain('q');
  expect(queryOf(ANY_RUN, 0)).toEqual({});
});
