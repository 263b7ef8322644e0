import { describe, expect, it } from 'vitest';
import { addressOf, ALL_RUN_STATES, filterOf } from './run-filter.ts';

describe('the address of a filter', () => {
  it('and back is the same filter', () => {
    const filter = { state: ['running' as const, 'failed' as const], q: 'INC 1&2', cursor: 'abc=' };
    expect(filterOf(addressOf(filter))).toEqual({ ...filter, state: ALL_RUN_STATES.filter((state) => filter.state.some((wanted) => wanted === state)) });
  });
  it('is empty for no filter', () => expect(addressOf(filterOf(new URLSearchParams())).toString()).toBe(''));
  it('leaves out states that do not exist', () => expect(filterOf(new URLSearchParams('state=running,flying')).state).toEqual(['running']));
});
