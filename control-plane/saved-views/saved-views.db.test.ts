import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { MAX_VIEWS } from './saved-views.ts';

let plane: ControlPlaneUnderTest;
let mine: TestPrincipal;
let colleague: TestPrincipal;
let admin: TestPrincipal;
let stranger: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  [mine, colleague, admin] = [await plane.principal(['viewer']), await plane.principal(['operator']), await plane.principal(['admin'])];
  stranger = await plane.principal(['admin'], await plane.otherTenant());
});
afterAll(() => plane.stop());

const save = (json: Record<string, unknown>, key = mine.key): Promise<ApiReply> => plane.api('POST', '/api/v1/saved-views', { json, key });
const change = (id: unknown, json: Record<string, unknown>, key = mine.key): Promise<ApiReply> => plane.api('PATCH', `/api/v1/saved-views/${String(id)}`, { json, key });
const remove = (id: unknown, key = mine.key): Promise<ApiReply> => plane.api('DELETE', `/api/v1/saved-views/${String(id)}`, { key });
const namesFor = async (key: string): Promise<unknown[]> => ((await plane.api('GET', '/api/v1/saved-views', { key })).body['items'] as Array<Record<string, unknown>>).map(({ name }) => name);

test('a search is kept as it was, changed, shared and forgotten by its owner', async () => {
  const filters = { state: ['failed'], error_code: 'policy_denied', last_minutes: 60, attention: true };
  const made = await save({ name: 'Denied today', filters });
  expect([made.status, made.body]).toMatchObject([201, { name: 'Denied today', filters, shared: false, mine: true, owner_id: mine.id }]);
  expect(await namesFor(mine.key)).toEqual(['Denied today']);
  expect(await namesFor(colleague.key)).toEqual([]);

  expect((await change(made.body['id'], { shared: true, name: 'Denied' })).body).toMatchObject({ name: 'Denied', shared: true, filters });
  expect(await namesFor(colleague.key)).toEqual(['Denied']);
  expect(await namesFor(stranger.key)).toEqual([]);
  expect((await remove(made.body['id'])).status).toBe(204);
  expect(await namesFor(mine.key)).toEqual([]);
});

test('what is shared is changed by its owner only, and forgotten by an admin too', async () => {
  const { body: { id } } = await save({ name: 'Ours', filters: {}, shared: true });
  expect([(await change(id, { name: 'Theirs' }, colleague.key)).body['code'], (await remove(id, colleague.key)).body['code']]).toEqual(['forbidden', 'forbidden']);
  expect([(await change(id, { name: 'x' }, stranger.key)).status, (await remove(id, stranger.key)).status]).toEqual([404, 404]);
  expect((await remove(id, admin.key)).status).toBe(204);
});

test('what nobody shares is nobody else\'s, admins included', async () => {
  const { body: { id } } = await save({ name: 'Only mine', filters: {} });
  expect([(await change(id, { name: 'x' }, admin.key)).status, (await remove(id, admin.key)).status]).toEqual([404, 404]);
  await remove(id);
});

test('names are one person\'s own; filters are those that there are; nobody keeps without end', async () => {
  await save({ name: 'Same', filters: {} });
  expect((await save({ name: 'Same', filters: {} })).body['code']).toBe('name_taken');
  expect((await save({ name: 'Same', filters: {} }, colleague.key)).status).toBe(201);
  expect((await save({ name: 'Odd', filters: { sql: '1=1' } })).body['code']).toBe('request_invalid');
  expect((await save({ name: '  ', filters: {} })).body['code']).toBe('request_invalid');
  await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: 'test.fill', text: `
    INSERT INTO control.saved_views (tenant_id, id, workspace_id, owner_id, name, filters) SELECT $1, 'svw_' || i, $2, $3, 'view ' || i, '{}' FROM generate_series(1, $4::int) i` },
    [plane.tenant.tenantId, plane.tenant.workspaceId, mine.id, MAX_VIEWS - 1]));
  expect((await save({ name: 'One too many', filters: {} })).body['code']).toBe('request_invalid');
});
