import { describe, expect, test } from 'vitest';
import { EVERY_ROLE, OPERATION_PERMISSION, PERMISSION_NAMES, ROLE_PERMISSIONS, isPermission, rolesWith } from './permissions.ts';

describe('the table of permissions', () => {
  test('every need of an operation is one of the special ones or a permission', () => {
    const unknown = Object.entries(OPERATION_PERMISSION).filter(([, need]) => !['public', 'signed_in', 'cell'].includes(need) && !isPermission(need));
    expect(unknown).toEqual([]);
  });

  test('no permission is named twice, in the list or in a role', () => {
    expect(PERMISSION_NAMES.length).toBe(new Set(PERMISSION_NAMES).size);
    for (const role of EVERY_ROLE) expect([role, ROLE_PERMISSIONS[role].length]).toEqual([role, new Set(ROLE_PERMISSIONS[role]).size]);
  });

  test('the admin holds every permission', () => {
    expect(PERMISSION_NAMES.filter((name) => !rolesWith(name).includes('admin'))).toEqual([]);
  });
});

/** Who could call what before there were permissions by name: no permission may take from or give to a built-in role. */
const EVERYONE = 'viewer operator author approver policy-admin auditor admin';
const BEFORE: ReadonlyArray<readonly [roles: string, permissions: string]> = [
  [EVERYONE, 'runs:read views:use approvals:read workflows:read connectors:read policies:read decisions:read kill_switches:read budgets:read'],
  ['operator author admin', 'runs:start'],
  ['operator admin', 'runs:control schedules:control workflows:activate'],
  ['operator author approver admin', 'content:read'],
  ['operator approver auditor admin', 'evidence:read'],
  ['author admin', 'workflows:publish'],
  ['author policy-admin admin', 'policies:draft policies:simulate'],
  ['author approver policy-admin auditor admin', 'policies:read_source'],
  ['policy-admin auditor admin', 'policies:read_bundle decisions:export'],
  ['policy-admin admin', 'packages:approve policies:publish policies:release policies:replay'],
  ['approver admin', 'policies:override_gate'],
  ['operator policy-admin admin', 'kill_switches:set'],
  ['auditor admin', 'audit:read'],
  ['admin', 'slack:manage connectors:manage credentials:manage policies:manage_gate keys:rotate budgets:manage'],
];

test.each(BEFORE.flatMap(([roles, names]) => names.split(' ').map((name) => [name, roles] as const)))('%s is held by what it always was: %s', (name, roles) => {
  expect(isPermission(name) && rolesWith(name).join(' ')).toBe(roles);
});
