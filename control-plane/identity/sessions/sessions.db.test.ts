import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../../testing/control-plane-under-test.ts';
import { insertLink } from '../queries.ts';
import { signedInBrowser, signInByLink, TestBrowser } from '../testing/browser.ts';
import { linkToken, newSecret } from '../tokens.ts';

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
    expect(listed[1]).toMatchObject({ address: '127.0.0.0/24', current: true, method: 'link', auth_strength: 'link', principal_id: person.id, provider_id: null, user_agent: 'a browser of the tests' });
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

describe('how long sessions last', () => {
  const lasts = async (browser: TestBrowser): Promise<{ idle_s: number; absolute_s: number }> => {
    const id = await idOf(browser);
    return plane.database.control.forTenant(person.tenantId, (tx) => tx.one({ name: 'test.lasts', text: `
      SELECT (idle_ms / 1000)::int AS idle_s, round(extract(epoch FROM expires_at - created_at))::int AS absolute_s FROM control.sessions WHERE id = $1` }, [id]));
  };
  const put = (json: object, headers: Record<string, string> = {}): Promise<ApiReply> => plane.api('PUT', '/api/v1/session-limits', { json, headers });

  test('is eight hours unused and a day in all, until the tenant says otherwise; then sessions that there are become as short, and none longer', async () => {
    const before = await signedInBrowser(plane, person);
    const usual = await plane.api('GET', '/api/v1/session-limits');
    expect(usual.body).toEqual({ idle_s: 28_800, absolute_s: 86_400, version: 0, set_by: null, set_at: null });
    expect(await lasts(before)).toEqual({ idle_s: 28_800, absolute_s: 86_400 });
    expect((await put({ idle_s: 600, absolute_s: 3_600 }, { 'if-match': usual.headers.get('etag') ?? '' })).body).toMatchObject({ idle_s: 600, absolute_s: 3_600, version: 1 });
    expect(await lasts(before)).toEqual({ idle_s: 600, absolute_s: 3_600 });
    expect(await lasts(await signedInBrowser(plane, person))).toEqual({ idle_s: 600, absolute_s: 3_600 });
    expect((await put({ idle_s: 7_200, absolute_s: 90_000 })).status).toBe(200);
    expect(await lasts(before)).toEqual({ idle_s: 600, absolute_s: 3_600 });
    expect(await lasts(await signedInBrowser(plane, person))).toEqual({ idle_s: 7_200, absolute_s: 90_000 });
    const [event] = (await plane.auditEvents()).filter(({ type }) => type === 'session.limits_changed');
    expect(event?.data).toMatchObject({ idle_ms: 600_000, was_idle_ms: 28_800_000, absolute_ms: 3_600_000, was_absolute_ms: 86_400_000, count: expect.any(Number) });
  });

  test('is within bounds, set by who saw what they replace and manages sessions in the home workspace', async () => {
    expect(await put({ idle_s: 3_600, absolute_s: 1_800 })).toMatchObject({ status: 400, body: { errors: [{ field: '/idle_s', code: 'above_absolute' }] } });
    for (const wrong of [{ idle_s: 299, absolute_s: 3_600 }, { idle_s: 600, absolute_s: 2_592_001 }, { idle_s: 600 }]) expect((await put(wrong)).status).toBe(400);
    expect((await put({ idle_s: 600, absolute_s: 3_600 }, { 'if-match': '"0"' })).body['code']).toBe('precondition_failed');
    expect((await plane.api('PUT', '/api/v1/session-limits', { key: person.key, json: { idle_s: 600, absolute_s: 3_600 } })).body['code']).toBe('forbidden');
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

test('who shows who they are is told that their tenant is not served; nobody else is, and the link is not used up', async () => {
  const tenant = await plane.otherTenant();
  const somebody = await plane.principal(['viewer'], tenant);
  await plane.database.control.forNoTenant((tx) => tx.change({ name: 'test.suspend', text: `UPDATE control.tenant_directory SET state = 'suspended' WHERE tenant_id = $1` }, [tenant.tenantId]));
  const { secret, sha256 } = newSecret();
  await plane.database.control.forTenant(tenant.tenantId, (tx) => tx.change(insertLink, [tenant.tenantId, sha256, somebody.id, 15]));
  const signIn = (token: string): Promise<ApiReply> => plane.api('POST', '/api/v1/sign-in', { key: null, json: { token } });
  expect(await signIn(linkToken(tenant.tenantId, newSecret().secret))).toMatchObject({ status: 401, body: { code: 'sign_in_link_invalid' } });
  expect(await signIn(linkToken(tenant.tenantId, secret))).toMatchObject({ status: 403, body: { code: 'tenant_suspended' } });
  const links = await plane.database.control.forTenant(tenant.tenantId, (tx) => tx.rows({ name: 'test.links', text: 'SELECT used_at FROM control.sign_in_links' }));
  expect(links).toEqual([{ used_at: null }]);
});
