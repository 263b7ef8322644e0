import { describe, expect, it } from 'vitest';
import { amountOf, holding, wishWith, wrongWith } from './limit-rows.ts';

const quotas = [
  { name: 'workspaces', workspace_id: null, max: null, ceiling: 20, used: 2 },
  { name: 'active_runs', workspace_id: null, max: 500, ceiling: null, used: 3 },
  { name: 'active_runs', workspace_id: 'wsp_1', max: 50, ceiling: null, used: 3 },
] as const;

it('the lower limit holds', () => {
  expect([holding({ max: 5, ceiling: 20 }), holding({ max: null, ceiling: 20 }), holding({ max: null, ceiling: null })]).toEqual([5, 20, null]);
});

it('bytes are told in larger units, and what is counted as it is', () => {
  expect([amountOf('stored_bytes', 3_400_000), amountOf('runs_per_day', 3_400_000)]).toEqual(['3.4 MB', '3,400,000']);
});

describe('setting one', () => {
  it('keeps the others as they are', () => {
    expect(wishWith(quotas, { name: 'workspaces', workspace_id: null }, '7')).toEqual({ quotas: [{ name: 'active_runs', max: 500 }, { name: 'active_runs', max: 50, workspace_id: 'wsp_1' }, { name: 'workspaces', max: 7 }] });
  });
  it('to nothing takes only that one away', () => {
    expect(wishWith(quotas, { name: 'active_runs', workspace_id: 'wsp_1' }, ' ')).toEqual({ quotas: [{ name: 'active_runs', max: 500 }] });
  });
});

it.each([['', 20, true], ['20', 20, true], ['21', 20, false], ['1e3', null, false], ['-1', null, false], ['0', null, true]])('%j under %s', (text, ceiling, fine) => expect(wrongWith(text, ceiling) === null).toBe(fine));
