import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { SoftwareAuthenticator } from '../identity/passkeys/testing/authenticator.ts';
import { signedInBrowser, TestBrowser } from '../identity/testing/browser.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const invite = (json: Record<string, unknown> = {}, key?: string): Promise<ApiReply> => plane.api('POST', '/api/v1/invitations', { json: { email: `${newId('principal')}@example.com`, display_name: 'New Person', roles: ['operator'], ...json }, ...(key === undefined ? {} : { key }) });
const tokenOf = (reply: ApiReply): string => String(reply.body['link']).split('#invitation=')[1] ?? '';

async function accept(token: string, browser = new TestBrowser(plane)): Promise<{ browser: TestBrowser; reply: ApiReply }> {
  const described = await browser.api('POST', '/api/v1/sign-in/invitation', { token });
  if (described.status !== 200) return { browser, reply: described };
  const { attempt_id, options } = described.body as unknown as { attempt_id: string; options: Record<string, unknown> };
  return { browser, reply: await browser.api('POST', '/api/v1/sign-in/invitation/accept', { token, attempt_id, response: new SoftwareAuthenticator().create(options) }) };
}

describe('an invitation', () => {
  test('is shown once, lets one person in with what it says, and is over', async () => {
    const made = await invite();
    expect(made.body['link']).toMatch(/^http:\/\/localhost:8080\/sign-in#invitation=cs_inv_ten_/);
    expect((await plane.api('GET', '/api/v1/invitations')).bytes.toString('utf8')).not.toContain('cs_inv_');
    const described = await new TestBrowser(plane).api('POST', '/api/v1/sign-in/invitation', { token: tokenOf(made) });
    expect(described.body).toMatchObject({ tenant: { slug: 'local' }, workspace: { name: 'Operations' }, display_name: 'New Person', roles: ['operator'], methods: { passkey: true } });

    const { browser, reply } = await accept(tokenOf(made));
    expect(reply.body).toMatchObject({ principal: { display_name: 'New Person' }, roles: ['operator'], auth_strength: 'passkey' });
    expect((await browser.api('GET', '/api/v1/me')).status).toBe(200);
    expect((await accept(tokenOf(made))).reply.body['code']).toBe('invitation_invalid');
    expect((await plane.auditTypes(String(made.body['id'])))).toEqual(['invitation.created', 'invitation.accepted']);
    expect(JSON.stringify(await plane.auditEvents())).not.toMatch(/@example\.com|New Person/);
  });

  test('lets one of two browsers in', async () => {
    const token = tokenOf(await invite());
    const replies = await Promise.all([accept(token), accept(token), accept(token)]);
    expect(replies.map(({ reply }) => reply.status).toSorted()).toEqual([200, 404, 404]);
  });

  test('that was withdrawn, is too old, is of another tenant, or never was, looks the same', async () => {
    const [withdrawn, old] = [await invite(), await invite()];
    expect((await plane.api('DELETE', `/api/v1/invitations/${String(withdrawn.body['id'])}`)).status).toBe(204);
    await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: 'test.age_invitation', text: 'UPDATE control.invitations SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2' }, [plane.tenant.tenantId, old.body['id']]));
    const other = await plane.otherTenant();
    for (const token of [tokenOf(withdrawn), tokenOf(old), tokenOf(await invite()).replace(plane.tenant.tenantId, other.tenantId), tokenOf(old).replace(plane.tenant.tenantId, newId('tenant')), 'nonsense']) {
      expect((await accept(token)).reply.body).toMatchObject({ code: 'invitation_invalid', detail: 'The invitation is unknown, was used or withdrawn before, or is too old.' });
    }
  });

  test('gives nothing that has been taken from the inviter, or was removed, since', async () => {
    const inviter = await plane.principal(['admin']);
    const made = await invite({ roles: ['operator'] }, inviter.key);
    await plane.api('DELETE', `/api/v1/role-assignments?principal_id=${inviter.id}&role=admin`);
    expect((await accept(tokenOf(made))).reply.body['code']).toBe('invitation_invalid');
    const role = String((await plane.api('POST', '/api/v1/roles', { json: { name: 'Short-lived', permissions: ['runs:read'] } })).body['id']);
    const removed = await invite({ roles: [role] });
    expect((await plane.api('DELETE', `/api/v1/roles/${role}`)).status).toBe(204);
    expect((await accept(tokenOf(removed))).reply.body['code']).toBe('invitation_invalid');
  });

  test('makes nobody somebody who is there already, and gives nothing that the inviter does not hold', async () => {
    const made = await invite({ email: 'twice@example.com' });
    const second = await invite({ email: 'TWICE@example.com' });
    expect((await accept(tokenOf(made))).reply.status).toBe(200);
    expect((await accept(tokenOf(second))).reply.body['code']).toBe('invitation_invalid');
    expect((await invite({ email: 'twice@EXAMPLE.com' })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/email', code: 'taken' }] });
    expect((await invite({ roles: ['emperor'] })).body['code']).toBe('role_unknown');
    expect((await invite({ workspace_id: newId('workspace') })).body['code']).toBe('not_found');
    expect((await invite({}, (await plane.principal(['operator'])).key)).status).toBe(403);
  });
});

describe('people', () => {
  test('are listed with what they hold; disabling ends everything of theirs', async () => {
    const person = await plane.principal(['operator']);
    const browser = await signedInBrowser(plane, person);
    const shown = (await plane.api('GET', `/api/v1/people/${person.id}`)).body;
    expect(shown).toMatchObject({ state: 'active', email: null, passkeys: 0, provisioned: false, roles: [{ role: 'operator', source: 'direct', workspace_id: plane.tenant.workspaceId }] });
    expect(((await plane.api('GET', '/api/v1/people?limit=200')).body['items'] as Array<{ id: string }>).map(({ id }) => id)).toContain(person.id);

    expect((await plane.api('PATCH', `/api/v1/people/${person.id}`, { json: { disabled: true } })).body).toMatchObject({ state: 'disabled' });
    expect([(await browser.api('GET', '/api/v1/me')).status, (await plane.api('GET', '/api/v1/me', { key: person.key })).status]).toEqual([401, 401]);
    expect((await plane.api('PATCH', `/api/v1/people/${person.id}`, { json: { disabled: false } })).body).toMatchObject({ state: 'active' });
    expect((await browser.api('GET', '/api/v1/me')).status).toBe(401);
    expect((await plane.api('GET', '/api/v1/me', { key: person.key })).status).toBe(200);
    expect(await plane.auditTypes(person.id)).toEqual(['principal.disabled', 'principal.enabled']);
  });

  test('always have an admin among them, and nobody else\'s are seen', async () => {
    const me = (await plane.api('GET', '/api/v1/me')).body['principal'] as { id: string };
    expect((await plane.api('PATCH', `/api/v1/people/${me.id}`, { json: { disabled: true } })).body['code']).toBe('last_admin');
    const stranger = await plane.principal(['admin'], await plane.otherTenant());
    for (const id of [me.id, newId('principal')]) {
      expect((await plane.api('GET', `/api/v1/people/${id}`, { key: stranger.key })).body).toMatchObject({ code: 'not_found', detail: 'There is no such person.' });
      expect((await plane.api('PATCH', `/api/v1/people/${id}`, { key: stranger.key, json: { disabled: true } })).body).toMatchObject({ code: 'not_found', detail: 'There is no such person.' });
    }
  });
});

describe('groups', () => {
  test('give their roles to who is in them, and take them with them', async () => {
    const [first, second] = [await plane.principal([]), await plane.principal([])];
    const made = await plane.api('POST', '/api/v1/groups', { json: { name: 'Desk', members: [first.id] } });
    expect(made.body).toMatchObject({ name: 'Desk', source: 'local', members: [first.id] });
    const path = `/api/v1/groups/${String(made.body['id'])}`;
    await plane.api('PUT', `${path}/roles`, { json: { roles: [{ workspace_id: plane.tenant.workspaceId, role: 'auditor' }] } });
    const rolesOf = async ({ key }: { key: string }): Promise<unknown> => (await plane.api('GET', '/api/v1/me', { key })).body['roles'];
    expect([await rolesOf(first), await rolesOf(second)]).toEqual([['auditor'], []]);
    expect((await plane.api('PATCH', path, { json: { members: [second.id] } })).body).toMatchObject({ members: [second.id] });
    expect([await rolesOf(first), await rolesOf(second)]).toEqual([[], ['auditor']]);
    expect((await plane.api('DELETE', path)).status).toBe(204);
    expect(await rolesOf(second)).toEqual([]);
    expect((await plane.api('PATCH', path, { json: { name: 'X' } })).body['code']).toBe('not_found');
  });

  test('have names of their own and members of this tenant', async () => {
    expect((await plane.api('POST', '/api/v1/groups', { json: { name: 'Twice' } })).status).toBe(201);
    expect((await plane.api('POST', '/api/v1/groups', { json: { name: 'Twice' } })).body['code']).toBe('name_taken');
    const stranger = await plane.principal(['viewer'], await plane.otherTenant());
    for (const id of [stranger.id, newId('principal')]) {
      expect((await plane.api('POST', '/api/v1/groups', { json: { name: `With ${id}`, members: [id] } })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/members', code: 'unknown' }] });
    }
  });
});
