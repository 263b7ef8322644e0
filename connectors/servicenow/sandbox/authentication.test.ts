/** Who may come in: basic, OAuth, API key; and rate limits per user, role and all. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { ADMIN, INTEGRATION, basic, call } from './testing/client.ts';

const PATH = '/api/now/table/incident?sysparm_limit=1';
let sandbox: RunningSandbox;
let now_ms = Date.parse('2026-05-05T10:20:00Z');

beforeEach(async () => {
  now_ms = Date.parse('2026-05-05T10:20:00Z');
  sandbox = await startSandbox({
    incidents: 3, now: () => new Date(now_ms), apiKey: 'the-key', oauth: { clientId: 'the-client', clientSecret: 'client-secret' },
    integration: { user: 'countersign.integration', password: 'pass:with:colons' },
  });
});

afterEach(() => sandbox.stop());

const form = (fields: Record<string, string>, contentType = 'application/x-www-form-urlencoded') =>
  call<Record<string, unknown>>(sandbox.url, '/oauth_token.do', { method: 'POST', as: '', headers: { 'content-type': contentType }, body: new URLSearchParams(fields).toString() });
const client = { client_id: 'the-client', client_secret: 'client-secret' };

describe('basic and API key', () => {
  const notAuthenticated = { error: { message: 'User Not Authenticated', detail: 'Required to provide Auth information' }, status: 'failure' };

  test.each([
    ['nothing', ''], ['a wrong password', basic('admin', 'wrong')], ['an unknown user', basic('nobody', '')], ['an empty password', basic('admin', '')],
    ['a scheme of its own', 'Digest abc'], ['no base64', 'Basic !!!'], ['an unknown token', 'Bearer abc'],
  ])('%s is 401 with the documented body', async (_what, as) => {
    const { status, headers, body } = await call<unknown>(sandbox.url, PATH, { as });
    expect([status, body]).toEqual([401, notAuthenticated]);
    expect(headers.get('www-authenticate')).toBe('BASIC realm="Service-now"');
  });

  test('the right password comes in, colons and all', async () => {
    expect((await call(sandbox.url, PATH, { as: basic('countersign.integration', 'pass:with:colons') })).status).toBe(200);
  });

  test('an API key acts as the integration user', async () => {
    const created = await call(sandbox.url, '/api/now/table/incident', { as: '', json: {}, headers: { 'x-sn-apikey': 'the-key' } });
    expect(created.body.result['sys_created_by']).toBe('countersign.integration');
    expect((await call(sandbox.url, PATH, { as: '', headers: { 'x-sn-apikey': 'another' } })).status).toBe(401);
  });
});

describe('OAuth', () => {
  test('client credentials give a token of 1799 seconds, no longer', async () => {
    const { status, body } = await form({ grant_type: 'client_credentials', ...client });
    expect(status).toBe(200);
    expect(body).toEqual({ access_token: expect.any(String), scope: 'useraccount', token_type: 'Bearer', expires_in: 1799 });
    const as = `Bearer ${String(body['access_token'])}`;
    expect((await call(sandbox.url, PATH, { as })).status).toBe(200);
    now_ms += 1_798_000;
    expect((await call(sandbox.url, PATH, { as })).status).toBe(200);
    now_ms += 1_000;
    expect((await call(sandbox.url, PATH, { as })).status).toBe(401);
  });

  test('only a form is taken', async () => {
    expect(await form({ grant_type: 'client_credentials', ...client }, 'application/json')).toMatchObject({ status: 401, body: { error: 'server_error' } });
  });

  test('password and refresh grants work, wrong ones are refused', async () => {
    const password = { grant_type: 'password', username: 'admin', password: 'sandbox-admin', ...client };
    const granted = await form(password);
    expect(granted.body).toMatchObject({ refresh_token: expect.any(String) });
    expect((await form({ grant_type: 'refresh_token', refresh_token: String(granted.body['refresh_token']), ...client })).status).toBe(200);
    expect((await form({ grant_type: 'refresh_token', refresh_token: 'x', ...client })).status).toBe(401);
    expect((await form({ ...password, password: 'x' })).status).toBe(401);
    expect((await form({ ...password, client_secret: 'x' })).status).toBe(401);
    expect((await form({ grant_type: 'implicit', ...client })).body).toMatchObject({ error: 'unsupported_grant_type' });
  });
});

describe('rate limits', () => {
  const integration = basic('countersign.integration', 'pass:with:colons');
  const setRules = (rules: unknown) => call<{ rules: Array<{ sys_id: string }> }>(sandbox.url, '/sandbox/rate-limits', { method: 'PUT', json: { rules } });

  test('429 in the documented form, with its headers, until the hour is over', async () => {
    const { body } = await setRules([{ requests_per_hour: 2, table: 'incident' }]);
    const get = () => call<unknown>(sandbox.url, PATH, { as: integration });
    const first = await get();
    expect(first.headers.get('x-ratelimit-limit')).toBe('2');
    expect(first.headers.get('x-ratelimit-rule')).toBe(body.rules[0]?.sys_id);
    expect(first.headers.get('x-ratelimit-reset')).toBe(String(Date.parse('2026-05-05T11:00:00Z') / 1000));
    expect((await get()).status).toBe(200);
    const denied = await get();
    expect(denied.status).toBe(429);
    expect(denied.headers.get('retry-after')).toBe('2400');
    expect(denied.body).toEqual({ error: { message: 'Rate limit exceeded', detail: 'Rate limit of 2 requests per hour for Table API exceeded' }, status: 'failure' });
    expect((await call(sandbox.url, PATH, { as: ADMIN })).status).toBe(200);
    expect((await call(sandbox.url, '/api/now/table/sys_user?sysparm_limit=1', { as: integration })).headers.get('x-ratelimit-limit')).toBeNull();
    now_ms += 2_400_000;
    expect((await get()).status).toBe(200);
  });

  test('a rule for the user overrides one for a role, which overrides one for all; the lowest of several roles counts', async () => {
    const limitFor = async (as: string) => (await call(sandbox.url, PATH, { as })).headers.get('x-ratelimit-limit');
    await setRules([{ requests_per_hour: 1 }, { requests_per_hour: 5, role: 'itil' }, { requests_per_hour: 3, role: 'admin' }, { requests_per_hour: 10, user: 'countersign.integration' }]);
    expect([await limitFor(integration), await limitFor(ADMIN)]).toEqual(['10', '3']);
  });

  test('a rule that cannot be read is refused by name', async () => {
    expect(await setRules([{ requests_per_hour: 'many' }])).toMatchObject({ status: 400, body: { error: { detail: expect.stringContaining('requests_per_hour') } } });
  });
});

test('the control API takes the administrator only, and needs one', async () => {
  expect((await call(sandbox.url, '/sandbox/requests', { as: '' })).status).toBe(401);
  expect((await call(sandbox.url, '/sandbox/requests', { as: basic('countersign.integration', 'pass:with:colons') })).status).toBe(403);
  expect((await call(sandbox.url, '/sandbox/requests', { as: INTEGRATION })).status).toBe(401);
  expect((await call(sandbox.url, '/sandbox/tickets', { as: basic('countersign.integration', 'pass:with:colons'), json: {} })).status).toBe(201);
});
