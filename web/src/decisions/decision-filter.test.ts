import { describe, expect, it } from 'vitest';
import { addressOf, askedFor, filterOf } from './decision-filter.ts';

const EMPTY = filterOf(new URLSearchParams());

describe('the address of a filter', () => {
  it('and back is the same filter', () => {
    const filter = { environment: 'prod', workflow: 'incident-triage', action: 'servicenow/incident.update', outcome: 'DENY' as const, rule: 'tenant/no & more', run: 'run_1', differs: true, from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z', cursor: 'abc=' };
    expect(filterOf(addressOf(filter))).toEqual(filter);
    expect(askedFor(filter)).toBe(9);
  });
  it('is empty for no filter', () => expect([addressOf(EMPTY).toString(), askedFor(EMPTY)]).toEqual(['', 0]));
  it.each(['outcome=MAYBE', 'differs=no', 'from=yesterday', 'nothing=1'])('leaves out %s', (query) => expect(filterOf(new URLSearchParams(query))).toEqual(EMPTY));
});
