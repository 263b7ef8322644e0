import { describe, expect, it } from 'vitest';
import { addressOf, askedFor, exportUrl, filterOf } from './decision-filter.ts';

const EMPTY = filterOf(new URLSearchParams());

describe('the address of a filter', () => {
  it('and back is the same filter', () => {
    const filter = { environment: 'prod' as const, workflow: 'incident-triage', action: 'servicenow/incident.update', outcome: ['REQUIRE_HITL' as const, 'DENY' as const], rule: 'tenant/no & more', run: 'run_1', differs: true, from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z', cursor: 'abc=' };
    expect(filterOf(addressOf(filter))).toEqual(filter);
    expect(askedFor(filter)).toBe(9);
  });
  it('is empty for no filter', () => expect([addressOf(EMPTY).toString(), askedFor(EMPTY)]).toEqual(['', 0]));
  it.each(['outcome=MAYBE', 'environment=moon', 'differs=no', 'from=yesterday', 'nothing=1'])('leaves out %s', (query) => expect(filterOf(new URLSearchParams(query))).toEqual(EMPTY));
});

it('an export has the filter of the list, as far as it knows it', () => {
  expect(exportUrl(EMPTY)).toBe('/api/v1/decisions/export');
  expect(exportUrl({ ...EMPTY, environment: 'dev', outcome: ['ALLOW', 'DENY'], run: 'run_1', cursor: 'x' })).toBe('/api/v1/decisions/export?environment=dev&outcome=ALLOW%2CDENY');
});
