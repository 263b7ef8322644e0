import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let operator: TestPrincipal;
let stranger: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  operator = await plane.principal(['operator']);
  stranger = await plane.principal(['admin'], await plane.otherTenant());
});
afterAll(() => plane.stop());

const set = (json: Record<string, unknown>, key = operator.key): Promise<ApiReply> => plane.api('POST', '/api/v1/kill-switches', { json: { reason: 'The desk loops', ...json }, key });
const release = (id: unknown, key = operator.key): Promise<ApiReply> => plane.api('POST', `/api/v1/kill-switches/${String(id)}/release`, { json: { reason: 'It is mended' }, key });
const listed = async (query = '', key = operator.key): Promise<Array<Record<string, unknown>>> => (await plane.api('GET', `/api/v1/kill-switches${query}`, { key })).body['items'] as Array<Record<string, unknown>>;

test('an environment is stopped once, let go once, and both are audited and heard', async () => {
  const id = plane.tenant.environmentId;
  const made = await set({ scope: 'environment', id });
  expect([made.status, made.body]).toMatchObject([201, { scope: 'environment', target_id: id, target_name: 'prod', reason: 'The desk loops', set_by: operator.id, released_at: null }]);
  expect((await set({ scope: 'environment', id })).body['code']).toBe('kill_switch_already_set');
  expect((await listed('?active=true')).map((one) => one['id'])).toEqual([made.body['id']]);

  const released = await release(made.body['id']);
  expect([released.status, released.body]).toMatchObject([200, { released_by: operator.id, release_reason: 'It is mended' }]);
  expect((await release(made.body['id'])).body['code']).toBe('kill_switch_already_released');
  expect(await listed('?active=true')).toEqual([]);
  expect(await plane.auditTypes(String(made.body['id']))).toEqual(['kill_switch.set', 'kill_switch.released']);

  const again = await set({ scope: 'environment', id });
  expect(again.status).toBe(201);
  await release(again.body['id']);
});

test('the tenant needs no id; the workers read what is set', async () => {
  const made = await set({ scope: 'tenant' });
  expect(made.body['target_id']).toBe(plane.tenant.tenantId);
  const seen = await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.rows({ name: 'test.switches', text: 'SELECT id FROM control.kill_switches WHERE released_at IS NULL' }));
  expect(seen).toEqual([{ id: made.body['id'] }]);
  await release(made.body['id']);
});

test.each(['workspace', 'environment', 'workflow'])('a %s of nobody, or of another tenant, cannot be stopped', async (scope) => {
  const theirs = { workspace: stranger.workspaceId, environment: stranger.environmentId, workflow: newId('workflow') }[scope];
  for (const id of [theirs, 'x', undefined]) {
    const reply = await set({ scope, ...(id === undefined ? {} : { id }) });
    expect([id, reply.status, reply.body['code']]).toEqual([id, 422, 'kill_switch_target_unknown']);
  }
});

test('another tenant neither sees nor releases it', async () => {
  const made = await set({ scope: 'workspace', id: plane.tenant.workspaceId });
  expect(await listed('', stranger.key)).toEqual([]);
  expect((await release(made.body['id'], stranger.key)).body['code']).toBe('not_found');
  expect((await listed('?active=true')).map((one) => one['id'])).toEqual([made.body['id']]);
  await release(made.body['id']);
});
