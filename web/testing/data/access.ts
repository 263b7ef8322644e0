import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { EVERY_ROLE, isPermission, OPERATION_PERMISSION, PERMISSION_NAMES, ROLE_PERMISSIONS, rolesWith } from '@countersign/contracts/openapi/permissions.ts';
import { digestOf, idOf } from './ids.ts';

type Schemas = components['schemas'];

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface AccessState {
  roles: Schemas['RoleDefinition'][];
  assignments: Schemas['RoleAssignment'][];
  authorization: Schemas['Authorization'];
  changes: Schemas['ChangeRequest'][];
  emergencies: Schemas['BreakGlass'][];
}

/** A role of the tenant's own, somebody who holds a role by each of the ways, and a demand of each kind. */
export function accessState(): AccessState {
  const given: Schemas['RoleAssignment'] = {
    principal_id: idOf('principal', 'owner'), display_name: 'Cell owner', kind: 'person', workspace_id: idOf('workspace', 'it'), role: 'admin', source: 'direct', granted_by: null, granted_at: at(-90 * DAY_MS), expires_at: null,
  };
  const desk = idOf('custom_role', 'night desk');
  return {
    roles: [
      ...EVERY_ROLE.map((role) => ({ id: role, name: role, built_in: true, permissions: [...ROLE_PERMISSIONS[role]], in_use: role === 'admin' ? 1 : 0 })),
      { id: desk, name: 'Night desk', built_in: false, permissions: ['runs:read', 'runs:control', 'kill_switches:set'], version: 2, in_use: 1, created_by: idOf('principal', 'owner'), created_at: at(-12 * DAY_MS) },
      { id: idOf('custom_role', 'unused'), name: 'Payroll reader', built_in: false, permissions: ['runs:read'], version: 1, in_use: 0, created_by: idOf('principal', 'owner'), created_at: at(-2 * DAY_MS) },
    ],
    assignments: [
      given,
      { ...given, role: 'approver', source: `group:${idOf('group', 'leads')}`, granted_by: idOf('principal', 'owner'), granted_at: at(-30 * DAY_MS) },
      { ...given, principal_id: idOf('principal', 'night'), display_name: 'Night shift', role: desk, granted_by: idOf('principal', 'owner'), granted_at: at(-3 * DAY_MS), expires_at: at(4 * DAY_MS) },
      { ...given, principal_id: idOf('principal', 'ci'), display_name: 'Build server', kind: 'service', role: 'author', granted_by: idOf('principal', 'owner'), granted_at: at(-8 * DAY_MS) },
    ],
    changes: changeRequests(),
    emergencies: [emergencyOf('lead', 'Dana Desk lead', { active: false, ends_at: at(-DAY_MS), ended_at: at(-DAY_MS), ended_because: 'expired', evidence_id: idOf('evidence_package', 'emergency') })],
    authorization: { four_eyes: ['roles:grant'], min_strength: { 'keys:revoke': 'passkey', 'roles:grant': 'mfa' }, max_sign_in_age_s: { 'roles:grant': 600 }, break_glass: { roles: ['admin'], max_duration_s: 3_600 }, version: 4 },
  };
}

export function emergencyOf(key: string, display_name: string, more: Partial<Schemas['BreakGlass']>): Schemas['BreakGlass'] {
  return {
    id: idOf('break_glass', key), workspace_id: idOf('workspace', 'it'), principal_id: idOf('principal', key), display_name, role: 'admin', reason: 'The desk is down and nobody with the role answers', active: true, activated_at: at(-DAY_MS - 3_600_000),
    ends_at: at(900_000), ended_at: null, ended_because: null, evidence_id: null, reviewed_by: null, reviewed_at: null, verdict: null, ...more,
  };
}

/** One that somebody else asked for, one of one's own, and one that failed when it was carried out. */
function changeRequests(): Schemas['ChangeRequest'][] {
  const asked: Schemas['ChangeRequest'] = {
    id: idOf('change_request', 'grant'), workspace_id: idOf('workspace', 'it'), operation: 'grantRole', permission: 'roles:grant', state: 'pending', digest: digestOf('grant'), summary: { principal_id: idOf('principal', 'night') },
    requested_by: idOf('principal', 'lead'), requested_at: at(-3_600_000), expires_at: at(6 * DAY_MS), decided_by: null, decided_at: null, result: null,
    call: { path: {}, query: {}, body: { principal_id: idOf('principal', 'night'), role: 'admin' } }, may_decide: true, may_not_decide_because: null,
  };
  return [
    asked,
    { ...asked, id: idOf('change_request', 'own'), operation: 'updateRole', permission: 'roles:manage', requested_by: idOf('principal', 'owner'), may_decide: false, may_not_decide_because: 'You asked for it: somebody else decides.' },
    { ...asked, id: idOf('change_request', 'failed'), operation: 'createPolicyRelease', permission: 'policies:release', state: 'failed', decided_by: idOf('principal', 'owner'), decided_at: at(-DAY_MS), call: null, result: { status: 409, code: 'policy_gate_exceeded', detail: 'The release exceeds the limits of the gate.' }, may_decide: false, may_not_decide_because: 'It is decided.' },
  ];
}

/** The real table, as the server answers it. */
export function permissionTable() {
  const operationsOf = (name: string): string[] => Object.entries(OPERATION_PERMISSION).flatMap(([operation, need]) => (isPermission(need) && need === name ? [operation] : []));
  return {
    items: PERMISSION_NAMES.map((name) => ({ name, roles: [...rolesWith(name)], operations: operationsOf(name), second_person: ['roles:grant', 'roles:manage', 'policies:release', 'workflows:publish'].includes(name) })),
    roles: EVERY_ROLE.map((role) => ({ role, permissions: [...ROLE_PERMISSIONS[role]] })),
  };
}
