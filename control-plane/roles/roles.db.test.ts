import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { syncGroupRoles } from './sync-group-roles.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const as = (who: TestPrincipal, method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<ApiReply> =>
  plane.api(method, `/api/v1${path}`, { key: who.key, headers, ...(json === undefined ? {} : { json }) });
const permissionsOf = async (who: TestPrincipal): Promise<string[]> => (await as(who, 'GET', '/me')).body['permissions'] as string[];
const grant = (by: TestPrincipal, to: TestPrincipal, role: string, more: object = {}): Promise<ApiReply> => as(by, 'POST', '/role-assignments', { principal_id: to.id, role, ...more });
const revoke = (by: TestPrincipal, from: TestPrincipal, role: string): Promise<ApiReply> => as(by, 'DELETE', `/role-assignments?principal_id=${from.id}&role=${role}`);
const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 50)}`, text }, values));

describe('a role of one\'s own', () => {
  test('lets those who have it do what it holds, and no more, until it is changed', async () => {
    const [admin, clerk] = [await plane.principal(['admin']), await plane.principal([])];
    const made = await as(admin, 'POST', '/roles', { name: 'Stop button', permissions: ['runs:read', 'kill_switches:read'] });
    expect(made.body).toMatchObject({ built_in: false, in_use: 0, version: 1 });
    const id = made.body['id'] as string;
    expect((await as(clerk, 'GET', '/runs')).body['code']).toBe('forbidden');
    expect((await grant(admin, clerk, id)).status).toBe(201);
    expect((await as(clerk, 'GET', '/runs')).status).toBe(200);
    expect((await as(clerk, 'GET', '/workflows')).body['code']).toBe('forbidden');
    expect((await as(admin, 'PATCH', `/roles/${id}`, { permissions: ['kill_switches:read'] }, { 'if-match': '"1"' })).status).toBe(200);
    expect((await as(admin, 'PATCH', `/roles/${id}`, { name: 'x' }, { 'if-match': '"1"' })).body['code']).toBe('precondition_failed');
    expect(await permissionsOf(clerk)).toEqual(['kill_switches:read']);
    expect((await as(admin, 'DELETE', `/roles/${id}`)).body['code']).toBe('role_in_use');
    expect((await revoke(admin, clerk, id)).status).toBe(204);
    expect((await as(admin, 'DELETE', `/roles/${id}`)).status).toBe(204);
    expect((await grant(admin, clerk, id)).body['code']).toBe('role_unknown');
    expect(await plane.auditTypes(id)).toEqual(['custom_role.changed', 'custom_role.changed', 'custom_role.changed']);
  });

  test('holds nothing that its maker does not hold, nor anything unheard of, and has a name of its own', async () => {
    const admin = await plane.principal(['admin']);
    const made = await as(admin, 'POST', '/roles', { name: 'Maker of roles', permissions: ['roles:read', 'roles:manage', 'roles:grant', 'runs:read'] });
    const maker = await plane.principal([]);
    await grant(admin, maker, made.body['id'] as string);
    expect((await as(maker, 'POST', '/roles', { name: 'Too much', permissions: ['runs:read', 'keys:revoke'] })).body['code']).toBe('scope_too_wide');
    expect((await as(maker, 'POST', '/roles', { name: 'No such', permissions: ['runs:fly'] })).body['code']).toBe('scope_unknown');
    expect((await as(maker, 'POST', '/roles', { name: 'MAKER of roles', permissions: ['runs:read'] })).body['code']).toBe('name_taken');
    expect((await grant(maker, maker, 'operator')).body['code']).toBe('scope_too_wide');
    expect((await grant(maker, maker, 'admin')).body['code']).toBe('scope_too_wide');
  });
});

describe('a role', () => {
  test('that is held for a while gives nobody more than that while, nor its holder', async () => {
    const [admin, deputy, guest] = [await plane.principal(['admin']), await plane.principal(['viewer']), await plane.principal([])];
    const end = new Date(Date.now() + 3_600_000).toISOString();
    expect((await grant(admin, deputy, 'admin', { expires_at: end })).status).toBe(201);
    for (const to of [deputy, guest]) expect((await grant(deputy, to, 'admin')).body['code']).toBe('scope_too_wide');
    expect((await grant(deputy, guest, 'viewer', { expires_at: new Date(Date.now() + 7_200_000).toISOString() })).body['code']).toBe('scope_too_wide');
    expect((await grant(deputy, guest, 'viewer', { expires_at: new Date(Date.now() + 1_800_000).toISOString() })).status).toBe(201);
    expect((await as(deputy, 'POST', '/roles', { name: 'For ever', permissions: ['keys:revoke'] })).body['code']).toBe('scope_too_wide');
    expect((await as(deputy, 'POST', '/invitations', { email: 'for-ever@example.com', display_name: 'For Ever', roles: ['admin'] })).body['code']).toBe('scope_too_wide');
    const service = await plane.principal(['admin'], plane.tenant, 'service');
    expect((await as(deputy, 'POST', '/api-keys', { name: 'Outlives', principal_id: service.id })).body['code']).toBe('scope_too_wide');
    // Taking away is what an emergency may need.
    expect((await revoke(deputy, guest, 'viewer')).status).toBe(204);
  });

  test('ends by itself, by the clock of the database', async () => {
    const [admin, guest] = [await plane.principal(['admin']), await plane.principal([])];
    expect((await grant(admin, guest, 'viewer', { expires_at: new Date(Date.now() - 1_000).toISOString() })).body['code']).toBe('request_invalid');
    expect((await grant(admin, guest, 'viewer', { expires_at: new Date(Date.now() + 3_600_000).toISOString() })).status).toBe(201);
    expect((await as(guest, 'GET', '/runs')).status).toBe(200);
    await change(`UPDATE control.role_assignments SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND principal_id = $2`, [plane.tenant.tenantId, guest.id]);
    expect((await as(guest, 'GET', '/runs')).body['code']).toBe('forbidden');
    expect(((await as(admin, 'GET', `/role-assignments?principal_id=${guest.id}`)).body['items'])).toEqual([]);
  });

  test('that a group gives comes and goes with membership and with the group\'s roles', async () => {
    const [admin, member] = [await plane.principal(['admin']), await plane.principal(['viewer'])];
    const group = newId('group');
    await change(`INSERT INTO control.groups (tenant_id, id, name, source) VALUES ($1, $2, 'On call', 'local')`, [plane.tenant.tenantId, group]);
    await change('INSERT INTO control.group_members (tenant_id, group_id, principal_id) VALUES ($1, $2, $3)', [plane.tenant.tenantId, group, member.id]);
    const roles = [{ workspace_id: plane.tenant.workspaceId, role: 'operator' }, { workspace_id: plane.tenant.workspaceId, role: 'viewer' }];
    expect((await as(admin, 'PUT', `/groups/${group}/roles`, { roles })).status).toBe(200);
    expect(await permissionsOf(member)).toContain('runs:control');
    expect((await revoke(admin, member, 'operator')).body['code']).toBe('not_found');
    // Both ways give viewer: one of them going leaves the other.
    expect((await revoke(admin, member, 'viewer')).status).toBe(204);
    expect(await permissionsOf(member)).toContain('runs:read');
    await plane.database.control.forTenant(plane.tenant.tenantId, async (tx) => {
      await tx.change({ name: 'test.leave', text: 'DELETE FROM control.group_members WHERE tenant_id = $1 AND principal_id = $2' }, [plane.tenant.tenantId, member.id]);
      expect(await syncGroupRoles(tx, plane.tenant.tenantId, group)).toBe(2);
    });
    expect(await permissionsOf(member)).toEqual([]);
  });

  test('of an admin is not taken from the last one, however many try at once', async () => {
    const admins = (await as(await plane.principal(['admin']), 'GET', '/role-assignments')).body['items'] as Array<{ principal_id: string; role: string }>;
    const [one, other] = [await plane.principal(['admin']), await plane.principal(['admin'])];
    for (const { principal_id } of admins.filter(({ role }) => role === 'admin')) {
      expect((await as(one, 'DELETE', `/role-assignments?principal_id=${principal_id}&role=admin`)).status).toBe(204);
    }
    const answers = await Promise.all([revoke(one, other, 'admin'), revoke(other, one, 'admin')]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    // Whoever comes later is no admin any more, or hears under the lock that nobody would be left.
    expect(['forbidden', 'last_admin']).toContain(answers.find(({ status }) => status !== 204)?.body['code']);
    const [left] = answers[0]?.status === 204 ? [one] : [other];
    expect((await grant(left ?? one, left ?? one, 'admin', { expires_at: new Date(Date.now() + 60_000).toISOString() })).body['code']).toBe('last_admin');
  });
});

describe('the workspace of a request', () => {
  test('is the one that it names; one without a role is like one that is not there', async () => {
    const workspace = newId('workspace');
    await change(`INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, 'second', 'Second')`, [plane.tenant.tenantId, workspace]);
    const person = await plane.principal(['viewer']);
    const at = (id: string): Promise<ApiReply> => as(person, 'GET', '/me', undefined, { 'countersign-workspace': id });
    const [foreign, absent] = [await at(workspace), await at(newId('workspace'))];
    expect([foreign.status, foreign.body['code'], foreign.body['detail']]).toEqual([404, 'not_found', absent.body['detail']]);
    await change(`INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role) VALUES ($1, $2, $3, 'operator')`, [plane.tenant.tenantId, workspace, person.id]);
    expect((await at(workspace)).body).toMatchObject({ workspace: { id: workspace }, roles: ['operator'] });
    expect((await at(plane.tenant.workspaceId)).body).toMatchObject({ workspace: { id: plane.tenant.workspaceId }, roles: ['viewer'] });
  });
});
