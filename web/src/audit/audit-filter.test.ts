import { expect, it } from 'vitest';
import { addressOf, filterIn, queryOf } from './audit-filter.ts';

it('the address holds all of a search, and nothing that is not asked for', () => {
  const address = { run: 'run_1', type: 'approval.vote_cast', actor: 'prn_1', subject: 'apr_1', from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', cursor: 'abc' };
  expect(addressOf(filterIn(new URLSearchParams(address)))).toEqual(address);
  expect(addressOf(filterIn(new URLSearchParams('type=&x=1')))).toEqual({});
});

it('is asked of the API by its names', () => {
  expect(queryOf(filterIn(new URLSearchParams('run=run_1&actor=prn_1')))).toEqual({ run_id: 'run_1', actor: 'prn_1' });
});
