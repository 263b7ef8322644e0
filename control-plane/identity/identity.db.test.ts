import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { initialise, newSignInLink } from './bootstrap.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const parts = () => ({ database: plane.database.control, clock: systemClock, region: 'us' as const, cell: 'local', slug: 'local', publicUrl: 'http://localhost:8080' });
const newToken = async (): Promise<string> => (await newSignInLink(parts())).sign_in_url.split('#token=')[1] ?? '';
const signIn = (token: string): Promise<ApiReply> => plane.api('POST', '/api/v1/sign-in', { key: null, json: { token } });
const cookieOf = (reply: ApiReply): string => (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
const ownOrigin = (): Record<string, string> => ({ 'x-countersign-csrf': '1', origin: plane.url });
const asSession = (method: string, path: string, cookie: string, headers: Record<string, string> = {}, json?: unknown): Promise<ApiReply> =>
  plane.api(method, path, { key: null, headers: { cookie, ...headers }, ...(json === undefined ? {} : { json }) });
const change = (text: string, values: unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 40)}`, text }, values));

test('the first tenant is made once, however often and however many ask', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => initialise(parts())));
  expect(new Set(made.map((tenant) => tenant.tenant_id))).toEqual(new Set([plane.tenant.tenantId]));
});

describe('a sign-in link', () => {
  test('signs in once, with a cookie that scripts cannot read', async () => {
    const token = await newToken();
    const replies = await Promise.all(Array.from({ length: 10 }, () => signIn(token)));
    const good = replies.filter((reply) => reply.status === 200);
    expect(good).toHaveLength(1);
    expect(new Set(replies.filter((reply) => reply.status !== 200).map((reply) => reply.body['code']))).toEqual(new Set(['sign_in_link_invalid']));
    expect(good[0]?.headers.get('set-cookie')).toMatch(/^countersign_session=ten_[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(good[0]?.body).toMatchObject({ principal: { display_name: 'Cell administrator', kind: 'person' }, auth_strength: 'link', workspace: { slug: 'operations' } });
    const types = (await plane.auditEvents()).map((event) => event.type);
    expect(types.filter((type) => type === 'session.started')).toHaveLength(1);
    expect(types).toContain('session.refused');
  });

  test('does not work after 15 minutes, with a bit changed, or for a tenant that is not there', async () => {
    const old = await newToken();
    await change(`UPDATE control.sign_in_links SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND used_at IS NULL`, [plane.tenant.tenantId]);
    const fresh = await newToken();
    const flipped = `${fresh.slice(0, -2)}${fresh.at(-2) === 'A' ? 'B' : 'A'}${fresh.at(-1) ?? ''}`;
    for (const token of [old, flipped, fresh.replace(plane.tenant.tenantId, newId('tenant')), '', 'cs_link_x']) expect((await signIn(token)).body['code']).toBe('sign_in_link_invalid');
    expect((await signIn(fresh)).status).toBe(200);
  });

  test('is not in the database as it is, and neither are keys and sessions', async () => {
    const token = await newToken();
    await signIn(token);
    const secrets = [token, plane.adminKey].map((secret) => secret.slice(-43));
    const dump = await plane.database.control.forTenant(plane.tenant.tenantId, async (tx) => JSON.stringify([
      await tx.rows({ name: 'test.links', text: 'SELECT * FROM control.sign_in_links' }), await tx.rows({ name: 'test.sessions', text: 'SELECT * FROM control.sessions' }),
      await tx.rows({ name: 'test.api_keys', text: 'SELECT * FROM control.api_keys' }), await plane.auditEvents(),
    ]));
    for (const secret of secrets) expect(dump).not.toContain(secret);
  });

  test('a GET never signs in', async () => {
    const token = await newToken();
    expect((await plane.api('GET', `/api/v1/sign-in?token=${token}`, { key: null })).status).toBe(405);
    expect((await signIn(token)).status).toBe(200);
  });
});

describe('a session', () => {
  test('ends when signed out, idle for 8 hours, a day old, or when its principal is disabled', async () => {
    const start = async (): Promise<string> => cookieOf(await signIn(await newToken()));
    const status = async (cookie: string): Promise<number> => (await asSession('GET', '/api/v1/me', cookie)).status;
    const idOf = (cookie: string): string => cookie.split('.')[1] ?? '';
    const [out, idle, old, alive] = [await start(), await start(), await start(), await start()];
    expect(await Promise.all([out, idle, old, alive].map(status))).toEqual([200, 200, 200, 200]);
    const signedOut = await asSession('POST', '/api/v1/sign-out', out, ownOrigin());
    expect([signedOut.status, signedOut.headers.get('set-cookie')]).toEqual([204, 'countersign_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']);
    await change(`UPDATE control.sessions SET last_seen_at = clock_timestamp() - interval '8 hours 1 second' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, idOf(idle)]);
    await change(`UPDATE control.sessions SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, idOf(old)]);
    expect(await Promise.all([out, idle, old, alive].map(status))).toEqual([401, 401, 401, 200]);
    expect(await plane.auditTypes(idOf(out))).toEqual(['session.started', 'session.ended']);
  });

  test('changes nothing for another site', async () => {
    const cookie = cookieOf(await signIn(await newToken()));
    const make = (headers: Record<string, string>): Promise<ApiReply> => asSession('POST', '/api/v1/api-keys', cookie, headers, { name: 'k' });
    for (const headers of [
      {}, { origin: plane.url }, { 'x-countersign-csrf': '1' }, { 'x-countersign-csrf': '1', origin: 'https://evil.example' }, { 'x-countersign-csrf': '1', origin: 'null' },
      { 'x-countersign-csrf': '1', 'sec-fetch-site': 'cross-site' }, { 'x-countersign-csrf': '1', 'sec-fetch-site': 'same-site', origin: plane.url }, { 'x-countersign-csrf': '0', origin: plane.url },
    ]) {
      const reply = await make(headers as Record<string, string>);
      expect({ headers, status: reply.status, code: reply.body['code'] }).toEqual({ headers, status: 403, code: 'csrf_refused' });
    }
    expect((await make(ownOrigin())).status).toBe(201);
    expect((await make({ 'x-countersign-csrf': '1', origin: 'http://localhost:8080' })).status).toBe(201);
  });

  test('does not help a request whose API key is wrong', async () => {
    const cookie = cookieOf(await signIn(await newToken()));
    expect((await asSession('GET', '/api/v1/me', cookie, { authorization: 'Bearer cs_key_nonsense' })).status).toBe(401);
  });
});

test('an API key acts as its maker and is shown once', async () => {
  const made = await plane.api('POST', '/api/v1/api-keys', { json: { name: 'mine' } });
  const key = String(made.body['key']);
  expect((await plane.api('GET', '/api/v1/me', { key })).body).toMatchObject({ auth_strength: 'api_key', principal: { display_name: 'Cell administrator' } });
  await change('UPDATE control.api_keys SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, made.body['id']]);
  expect((await plane.api('GET', '/api/v1/me', { key })).status).toBe(401);
});

test('an address has only so many attempts to sign in', async () => {
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 80; attempt += 1) statuses.push((await signIn('x')).status);
  expect(statuses).toContain(429);
});
