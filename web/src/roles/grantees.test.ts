import { expect, it } from 'vitest';
import { choicesOf, isGroup, withChosen, withRole } from './grantees.ts';

const people = [{ id: 'prn_1', display_name: 'Dana', email: 'dana@acme.example', state: 'active' as const }, { id: 'prn_2', display_name: 'Former', email: null, state: 'disabled' as const }];
const accounts = [{ id: 'prn_3', name: 'Build server', disabled: false }, { id: 'prn_4', name: 'Old one', disabled: true }];
const groups = [{ id: 'grp_1', name: 'Night shift', members: ['prn_1'] }];

it('offers whoever may act, by name', () => {
  expect(choicesOf({ people, accounts, groups })).toEqual([
    { group: 'People', items: [{ value: 'prn_1', label: 'Dana (dana@acme.example)' }] },
    { group: 'Groups', items: [{ value: 'grp_1', label: 'Night shift (1 member)' }] },
    { group: 'Service accounts', items: [{ value: 'prn_3', label: 'Build server' }] },
  ]);
  expect(choicesOf({ people: [], accounts: [], groups: [] })).toEqual([]);
});

it('a group keeps what it holds, here and elsewhere', () => {
  const held = [{ workspace_id: 'wsp_1', role: 'viewer', granted_by: 'prn_1' }, { workspace_id: 'wsp_2', role: 'admin', granted_by: 'prn_1' }];
  expect(withRole(held, { workspace_id: 'wsp_1', role: 'approver' })).toEqual([{ workspace_id: 'wsp_1', role: 'viewer' }, { workspace_id: 'wsp_2', role: 'admin' }, { workspace_id: 'wsp_1', role: 'approver' }]);
  expect(withRole(held, { workspace_id: 'wsp_2', role: 'admin' })).toHaveLength(2);
});

it('groups are told apart by their ids', () => expect([isGroup('grp_1'), isGroup('prn_1')]).toEqual([true, false]));

it('what was chosen stays a choice, once', () => {
  const choices = choicesOf({ people, accounts: [], groups: [] });
  const chosen = { value: 'prn_9', label: 'Found by a search' };
  expect(withChosen(choices, chosen)).toEqual([{ group: 'Chosen', items: [chosen] }, ...choices]);
  expect(withChosen(choices, { value: 'prn_1', label: 'Dana' })).toBe(choices);
  expect(withChosen(choices, null)).toBe(choices);
});
