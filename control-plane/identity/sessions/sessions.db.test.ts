import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../../testing/control-plane-under-test.ts';
import { signedInBrowser, signInByLink, TestBrowser } from '../testing/browser.ts';

let plane: ControlPlaneUnderTest;
let person: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  person = await plane.principal(['operator']);
});
afterAll(() => plane.stop());

const items = (reply: ApiReply): Array<Record<string, unknown>> => reply.body['items'] as Array<Record<string, unknown>>;
const idOf = async (browser: TestBrowser): Promise<string> => String(items(await browser.api('GET', '/api/v1/sessions')).find((one) => one['current'] === true)?.['id']);

describe('sessions', () => {
  test('are listed to whose they are, with what the sign-in was', async () => {
    const [here, there] = [await signedInBrowser(plane, person), await signedInBrowser(plane, person)];
    const listed = items(await here.api('GET', '/api/v1/sessions'));
    expect(listed).toHaveLength(2);
    expect(listed[1]).toMatchObject({ current: true, method: 'link', auth_strength: 'link', principal_id: person.id, provider_id: null, user_agent: 'a browser of the tests' });
    expect((await here.api('GET', '/api/v1/me')).body).toMatchObject({ auth: { method: 'link', amr: [], acr: null }, workspaces: [{ id: plane.tenant.workspaceId, roles: ['operator'] }] });

    expect((await here.api('POST', '/api/v1/sessions/revoke', { except_current: true })).body).toEqual({ revoked: 1 });
    expect([(await there.api('GET', '/api/v1/me')).status, (await here.api('GET', '/api/v1/me')).status]).toEqual([401, 200]);
  });

  test('one that is revoked closes its stream at once, and clears its own cookie', async () => {
    const browser = await signedInBrowser(plane, person);
    const stream = await browser.raw('GET', '/api/v1/events');
    const ended = stream.text();
    const reply = await browser.api('DELETE', `/api/v1/sessions/${await idOf(browser)}`);
    expect([reply.status, reply.headers.get('set-cookie')]).toEqual([204, 'countersign_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']);
    expect(await ended).toContain(': connected');
    expect((await browser.raw('GET', '/api/v1/events')).status).toBe(401);
  });

  test('of others look as if they were not there, except to who manages them', async () => {
    const browser = await signedInBrowser(plane, person);
    const id = await idOf(browser);
    const colleague = await plane.principal(['viewer']);
    const stranger = await plane.principal(EVERY_ROLE, await plane.otherTenant());
    for (const who of [colleague, stranger]) {
      for (const asked of [id, newId('session')]) {
        expect((await plane.api('DELETE', `/api/v1/sessions/${asked}`, { key: who.key })).body).toMatchObject({ code: 'session_unknown', detail: 'There is no such session, or it has ended.' });
      }
    }
    expect((await plane.api('GET', `/api/v1/sessions?principal_id=${person.id}`, { key: colleague.key })).body['code']).toBe('session_unknown');
    expect(items(await plane.api('GET', `/api/v1/sessions?principal_id=${person.id}`, { key: stranger.key }))).toEqual([]);
    expect(items(await plane.api('GET', `/api/v1/sessions?principal_id=${person.id}`)).map((one) => one['id'])).toContain(id);
    expect((await plane.api('DELETE', `/api/v1/sessions/${id}`)).status).toBe(204);
    expect(await plane.auditTypes(id)).toEqual(['session.started', 'session.revoked']);
  });

  test('a sign-in ends the session that the browser had: its id is never kept', async () => {
    const first = await signedInBrowser(plane, person);
    const before = await idOf(first);
    const second = new TestBrowser(plane, first.cookie);
    await signInByLink(plane, person, second);
    expect(await idOf(second)).not.toBe(before);
    expect((await first.api('GET', '/api/v1/me')).status).toBe(401);
  });
});

describe('the workspace of a session', () => {
  test('is one where the person has a role, and nothing else is told', async () => {
    const browser = await signedInBrowser(plane, person);
    const foreign = await plane.otherTenant();
    for (const id of [foreign.workspaceId, newId('workspace')]) {
      expect((await browser.api('PUT', '/api/v1/me/workspace', { workspace_id: id })).body).toMatchObject({ code: 'not_found', detail: 'There is no such workspace.' });
    }
    expect((await browser.api('PUT', '/api/v1/me/workspace', { workspace_id: plane.tenant.workspaceId })).body).toMatchObject({ workspace: { id: plane.tenant.workspaceId } });
    expect((await plane.api('PUT', '/api/v1/me/workspace', { json: { workspace_id: plane.tenant.workspaceId } })).body['code']).toBe('request_invalid');
  });
});

test('the ways to sign in to a tenant that does not exist are those of one without identity providers', async () => {
  for (const slug of ['local', 'nobody']) {
    const reply = await plane.api('GET', `/api/v1/sign-in/methods?tenant=${slug}`, { key: null });
    expect([slug, reply.status, reply.body]).toEqual([slug, 200, { link: true, passkey: true, providers: [] }]);
  }
});
