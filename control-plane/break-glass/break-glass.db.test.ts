import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANGES_CHANNEL, changeOf } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { sessionToken, newSecret } from '../identity/tokens.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let [admin, onCall, reviewer] = [] as unknown as [TestPrincipal, TestPrincipal, TestPrincipal];
let cookie: string;
let listener: Listener;
/** What consoles and Slack are told. */
const changes: Array<Change | null> = [];

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  [admin, onCall, reviewer] = [await plane.principal(['admin']), await plane.principal(['viewer']), await plane.principal(['auditor'])];
  const role = await byKey(admin, 'POST', '/roles', { name: 'On call', permissions: ['break_glass:activate'] });
  expect((await byKey(admin, 'POST', '/role-assignments', { principal_id: onCall.id, role: role.body['id'] })).status).toBe(201);
  cookie = await signedIn(onCall);
  listener = new Listener(plane.config.databaseUrl, { [CHANGES_CHANNEL]: (payload) => { changes.push(changeOf(payload)); } }, () => undefined);
  await listener.start();
});
afterAll(async () => {
  await listener.stop();
  await plane.stop();
});

const byKey = (who: TestPrincipal, method: string, path: string, json?: unknown): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, { key: who.key, ...(json === undefined ? {} : { json }) });
const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 50)}`, text }, values));
const inBrowser = (method: string, path: string, json?: unknown, session = cookie): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, {
  key: null, headers: { cookie: `countersign_session=${session}`, 'x-countersign-csrf': '1', origin: plane.url }, ...(json === undefined ? {} : { json }),
});
const WISH = { role: 'operator', reason: 'Runs hang and nobody else is awake', duration_s: 600 };

async function signedIn(who: TestPrincipal): Promise<string> {
  const id = newId('session');
  const { secret, sha256 } = newSecret();
  await change(`INSERT INTO control.sessions (tenant_id, id, secret_sha256, principal_id, auth_strength, expires_at) VALUES ($1, $2, $3, $4, 'link', clock_timestamp() + interval '1 hour')`, [who.tenantId, id, sha256, who.id]);
  return sessionToken(who.tenantId, id, secret);
}

test('a role is taken at once, used, given back, and leaves evidence that somebody else reviews', async () => {
  const cancel = (): Promise<ApiReply> => inBrowser('POST', `/runs/${newId('run')}/cancel`, { reason: 'It hangs' });
  expect((await cancel()).body['code']).toBe('forbidden');
  const taken = await inBrowser('POST', '/break-glass', WISH);
  expect(taken.body).toMatchObject({ role: 'operator', active: true, principal_id: onCall.id, reason: WISH.reason });
  const id = taken.body['id'] as string;
  await expect.poll(() => changes, { timeout: 10_000 }).toContainEqual({ tenant_id: plane.tenant.tenantId, workspace_id: plane.tenant.workspaceId, kind: 'break_glass', id, state: 'active' });
  expect((await cancel()).body['code']).toBe('not_found');
  expect((await inBrowser('POST', '/break-glass', WISH)).body['code']).toBe('break_glass_active');
  expect((await byKey(reviewer, 'POST', `/break-glass/${id}/review`, { verdict: 'justified', reason: 'Too early' })).body['code']).toBe('break_glass_active');
  expect((await inBrowser('POST', `/break-glass/${id}/end`)).body).toMatchObject({ active: false, ended_because: 'ended' });
  await expect.poll(() => changes, { timeout: 10_000 }).toContainEqual(expect.objectContaining({ id, state: 'ended' }));
  expect((await cancel()).body['code']).toBe('forbidden');
  await expect.poll(async () => ((await byKey(reviewer, 'GET', '/break-glass')).body['items'] as Array<{ evidence_id: string | null }>)[0]?.evidence_id, { timeout: 25_000 }).toMatch(/^evp_/);
  const package_id = ((await byKey(reviewer, 'GET', '/break-glass')).body['items'] as Array<{ evidence_id: string }>)[0]?.evidence_id ?? '';
  expect((await byKey(reviewer, 'GET', `/evidence-packages/${package_id}`)).body).toMatchObject({ kind: 'break_glass', subject_id: id });
  const reviewed = await byKey(reviewer, 'POST', `/break-glass/${id}/review`, { verdict: 'justified', reason: 'The log says so' });
  expect(reviewed.body).toMatchObject({ verdict: 'justified', reviewed_by: reviewer.id });
  expect((await byKey(admin, 'POST', `/break-glass/${id}/review`, { verdict: 'not_justified', reason: 'Once more' })).body['code']).toBe('change_request_state');
  expect(await plane.auditTypes(id)).toEqual(['break_glass.activated', 'break_glass.ended', 'break_glass.reviewed']);
});

test('it is over by the clock of the database, before anybody has come by', async () => {
  const { body } = await inBrowser('POST', '/break-glass', WISH);
  const until = `UPDATE control.%t SET %c = clock_timestamp() WHERE tenant_id = $1 AND %w = $2`;
  const over = (table: string, column: string, where: string, value: string): Promise<number> => change(until.replace('%t', table).replace('%c', column).replace('%w', where), [plane.tenant.tenantId, value]);
  await over('role_assignments', 'expires_at', 'source', `break_glass:${String(body['id'])}`);
  expect((await inBrowser('GET', '/me')).body['roles']).toEqual(['viewer']);
  await over('break_glass_grants', 'ends_at', 'id', String(body['id']));
  await expect.poll(async () => ((await inBrowser('GET', '/break-glass')).body['items'] as Array<{ id: string; ended_because: string | null }>)[0], { timeout: 25_000 }).toMatchObject({ id: body['id'], ended_because: 'expired' });
});

test('nobody takes one by a key, with an old sign-in, without the permission, for longer or for more than the tenant allows, or reviews their own', async () => {
  expect((await byKey(onCall, 'POST', '/break-glass', WISH)).body['code']).toBe('break_glass_not_eligible');
  expect((await inBrowser('POST', '/break-glass', { ...WISH, role: 'policy-admin' })).body['code']).toBe('break_glass_not_eligible');
  expect((await inBrowser('POST', '/break-glass', { ...WISH, duration_s: 28_800 })).body['code']).toBe('request_invalid');
  expect((await inBrowser('POST', '/break-glass', WISH, await signedIn(reviewer))).body['code']).toBe('forbidden');
  const old = await signedIn(onCall);
  await change(`UPDATE control.sessions SET signed_in_at = clock_timestamp() - interval '11 minutes' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, old.split('.')[1]]);
  expect((await inBrowser('POST', '/break-glass', WISH, old)).body['code']).toBe('step_up_required');
  const own = await inBrowser('POST', '/break-glass', WISH, await signedIn(admin));
  await byKey(admin, 'POST', `/break-glass/${String(own.body['id'])}/end`);
  expect((await byKey(admin, 'POST', `/break-glass/${String(own.body['id'])}/review`, { verdict: 'justified', reason: 'I say so' })).body['code']).toBe('own_change');
});

test('who reviews in another workspace sees nothing of it, and ends and reviews nothing', async () => {
  const elsewhere = String((await byKey(admin, 'POST', '/workspaces', { slug: 'elsewhere', name: 'Elsewhere' })).body['id']);
  const stranger = await plane.principal([]);
  expect((await byKey(admin, 'POST', '/role-assignments', { principal_id: stranger.id, role: 'auditor', workspace_id: elsewhere })).status).toBe(201);
  const own = await inBrowser('POST', '/break-glass', WISH, await signedIn(admin));
  const there = (method: string, path: string, json?: unknown): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, { key: stranger.key, headers: { 'countersign-workspace': elsewhere }, ...(json === undefined ? {} : { json }) });
  expect((await there('GET', '/break-glass')).body['items']).toEqual([]);
  expect((await there('POST', `/break-glass/${String(own.body['id'])}/end`)).body['code']).toBe('not_found');
  await byKey(admin, 'POST', `/break-glass/${String(own.body['id'])}/end`);
  expect((await there('POST', `/break-glass/${String(own.body['id'])}/review`, { verdict: 'justified', reason: 'From afar' })).body['code']).toBe('not_found');
  const seen = (await byKey(reviewer, 'GET', '/break-glass')).body['items'] as Array<{ id: string }>;
  expect(seen.map(({ id }) => id)).toContain(own.body['id']);
});
