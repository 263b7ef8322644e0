import { expect, it } from 'vitest';
import { addressOf, filterOf, queryOf } from './dead-letter-filter.ts';

const FULL = { state: ['dead' as const, 'failed' as const], workflow: 'incident-triage', environment: 'prod' as const, step: 'update', uses: 'servicenow/incident.update', code: 'unavailable', since: '2026-11-20T00:00:00Z', cursor: 'abc=' };
const NONE = filterOf(new URLSearchParams());

it('the address of a filter and back is the same filter', () => expect(filterOf(addressOf(FULL))).toEqual(FULL));
it('the address leaves out what is empty or does not exist', () => {
  expect(addressOf(NONE).toString()).toBe('');
  expect(filterOf(new URLSearchParams('state=alive&environment=moon&since=soon'))).toEqual(NONE);
});
it('a redrive of all that fit asks for what the list shows: the dead ones, when no state is named', () => {
  expect(queryOf(NONE)).toEqual({ state: ['dead'] });
  const { cursor: _page, ...asked } = FULL;
  expect(queryOf(FULL)).toEqual(asked);
});
