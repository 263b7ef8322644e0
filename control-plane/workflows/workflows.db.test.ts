import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  expect((await plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() } })).status).toBe(201);
});
afterAll(() => plane.stop());

const source = (name: string, comment = ''): string =>
  `# ${comment}\napiVersion: countersign.dev/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n  trigger: manual\n  steps:\n    - { id: get, uses: desk/ticket.get, with: { id: "1" } }\n`;
const publish = (text: string | Uint8Array, type = 'application/yaml'): Promise<ApiReply> => plane.api('POST', '/api/v1/workflows', { body: text, headers: { 'content-type': type } });

test('versions count from one, and the same bytes are the same version', async () => {
  const first = await publish(source('counted'));
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ version: 1, name: 'counted', digest: digestOfBytes(source('counted')), source: source('counted') });
  const second = await publish(source('counted', 'changed'));
  expect(second.body).toMatchObject({ version: 2, workflow_id: first.body['workflow_id'] });
  expect((await publish(source('counted'))).body).toEqual(first.body);
  expect((await plane.api('GET', `/api/v1/workflows/${String(first.body['workflow_id'])}/versions/2`)).body).toEqual(second.body);
  expect(await plane.auditTypes(String(first.body['workflow_id']))).toEqual(['workflow.published', 'workflow.published']);
});

test('twenty at once are twenty versions without a gap, of one workflow', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => publish(source('raced', `variant ${index % 10}`))));
  expect(new Set(replies.map((reply) => reply.body['workflow_id'])).size).toBe(1);
  expect([...new Set(replies.map((reply) => Number(reply.body['version'])))].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a bad workflow publishes nothing and names line, key and fix', async () => {
  const reply = await publish(source('bad').replace('desk/ticket.get', 'desk/ticket.got'));
  expect(reply.status).toBe(422);
  expect(reply.body).toMatchObject({ code: 'workflow_invalid', errors: [{ field: '/spec/steps/0/uses', code: 'action_unknown', line: 8, message: expect.stringContaining('It has: generate, ticket.get') as string }] });
  expect(JSON.stringify((await plane.api('GET', '/api/v1/workflows')).body)).not.toContain('"bad"');
});

test.each<[string, string | Uint8Array, string, string]>([
  ['another media type', source('x'), 'application/json', 'media_type_unsupported'],
  ['a NUL', source('x', 'a\0b'), 'application/yaml', 'request_invalid'],
  ['not UTF-8', Buffer.from([0x61, 0xff]), 'application/yaml', 'request_invalid'],
  ['over 256 Ki characters', source('x', 'x'.repeat(270_000)), 'application/yaml', 'request_invalid'],
  ['over 1 MiB', source('x', 'x'.repeat(1_100_000)), 'application/yaml', 'body_too_large'],
  ['nothing', '', 'application/yaml', 'workflow_invalid'],
])('%s is refused', async (_name, text, type, code) => {
  expect((await publish(text, type)).body['code']).toBe(code);
});

test('an environment runs the version that was activated, and no other', async () => {
  const { body } = await publish(source('active'));
  const activation = (version: number, environment = 'prod'): Promise<ApiReply> => plane.api('PUT', `/api/v1/workflows/${String(body['workflow_id'])}/activations/${environment}`, { json: { version } });
  const start = (key?: string): Promise<ApiReply> => plane.api('POST', '/api/v1/runs', { json: { workflow: 'active', trigger: {} }, headers: key === undefined ? {} : { 'idempotency-key': key } });
  expect((await start()).body['code']).toBe('workflow_not_active');
  expect((await activation(2)).body['code']).toBe('workflow_not_published');
  expect((await activation(1, 'moon')).body['code']).toBe('request_invalid');
  expect((await activation(1)).body).toEqual({ version: 1, enabled: true });
  const listed = (await plane.api('GET', '/api/v1/workflows')).body['items'] as Array<{ name: string }>;
  expect(listed.find((item) => item.name === 'active')).toMatchObject({ latest_version: 1, activations: [{ environment: 'prod', version: 1, enabled: true }] });

  const key = newId('request');
  const replies = await Promise.all(Array.from({ length: 10 }, () => start(key)));
  expect(replies.map((reply) => reply.status)).toEqual(Array(10).fill(202));
  expect(new Set(replies.map((reply) => reply.body['delivery_id'])).size).toBe(1);
  expect(replies.filter((reply) => reply.body['duplicate'] === false)).toHaveLength(1);
  const kept = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one({ name: 'test.requester', text: 'SELECT requested_by FROM execution.deliveries WHERE tenant_id = $1 AND id = $2' }, [plane.tenant.tenantId, replies[0]?.body['delivery_id']]));
  // They will not approve what the run asks for.
  expect(kept).toEqual({ requested_by: ((await plane.api('GET', '/api/v1/me')).body['principal'] as { id: string }).id });
  const other = await plane.api('POST', '/api/v1/runs', { json: { workflow: 'active', trigger: { more: 1 } }, headers: { 'idempotency-key': key } });
  expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused']);
  expect((await start()).body['delivery_id']).not.toBe(replies[0]?.body['delivery_id']);
});

test('another tenant sees, activates and starts none of it', async () => {
  const { body } = await publish(source('secret'));
  const stranger = await plane.principal(['admin', 'operator', 'author'], await plane.otherTenant());
  const id = String(body['workflow_id']);
  expect((await plane.api('GET', '/api/v1/workflows', { key: stranger.key })).body['items']).toEqual([]);
  expect((await plane.api('GET', `/api/v1/workflows/${id}/versions/1`, { key: stranger.key })).status).toBe(404);
  expect((await plane.api('PUT', `/api/v1/workflows/${id}/activations/prod`, { key: stranger.key, json: { version: 1 } })).status).toBe(404);
  expect((await plane.api('POST', '/api/v1/runs', { key: stranger.key, json: { workflow: 'secret', trigger: {} } })).body['code']).toBe('workflow_not_active');
});
