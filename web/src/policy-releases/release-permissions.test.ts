import { expect, it } from 'vitest';
import type { Asker } from '../states/role-permission.ts';
import { mayOverride, mayWithdraw } from './release-permissions.ts';

const me = (id: string, roles: Asker['roles']): Parameters<typeof mayOverride>[1] => ({ principal: { id, kind: 'person', display_name: id }, roles });
const blocked = { state: 'blocked', mode: 'enforce', requested_by: 'prn_a' } as const;

it('the gate is overridden by another person with the role, while it holds the release back', () => {
  expect(mayOverride(blocked, me('prn_b', ['approver'])).allowed).toBe(true);
  expect(mayOverride(blocked, me('prn_a', ['admin']))).toMatchObject({ allowed: false, because: expect.stringContaining('another person') });
  expect(mayOverride(blocked, me('prn_b', ['policy-admin']))).toMatchObject({ allowed: false, because: expect.stringContaining('approver or admin') });
  expect(mayOverride({ ...blocked, state: 'released' }, me('prn_b', ['admin'])).allowed).toBe(false);
  expect(mayOverride(blocked, undefined).allowed).toBe(false);
});

it('blocked and shadow releases are ended, binding ones are rolled back from', () => {
  expect(mayWithdraw(blocked, { roles: ['policy-admin'] }).allowed).toBe(true);
  expect(mayWithdraw({ ...blocked, state: 'released', mode: 'shadow' }, { roles: ['admin'] }).allowed).toBe(true);
  expect(mayWithdraw({ ...blocked, state: 'released' }, { roles: ['admin'] })).toMatchObject({ because: expect.stringContaining('Roll back') });
  expect(mayWithdraw(blocked, { roles: ['viewer'] }).allowed).toBe(false);
});
