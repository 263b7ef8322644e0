import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';

const HOOK = (letter: string): string => letter.repeat(40);
let plane: ControlPlaneUnderTest;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'credentials-'));
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_SECRETS_DIR: folder });
  await mkdir(path.join(folder, plane.tenant.tenantId));
  await plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() } });
});
afterAll(async () => {
  await plane.stop();
  await rm(folder, { recursive: true });
});

const store = (json: unknown): Promise<ApiReply> => plane.api('POST', '/api/v1/credentials', { json });
const rotate = (id: string, json: unknown): Promise<ApiReply> => plane.api('POST', `/api/v1/credentials/${id}/rotate`, { json });
const remove = (id: string): Promise<ApiReply> => plane.api('DELETE', `/api/v1/credentials/${id}`);
const keep = (name: string, text: string): Promise<void> => writeFile(path.join(folder, plane.tenant.tenantId, name), text);
const listed = async (id: string): Promise<Record<string, unknown> | undefined> => ((await plane.api('GET', '/api/v1/credentials')).body['items'] as Array<Record<string, unknown>>).find((one) => one['id'] === id);
const instance = (json: Record<string, unknown>): Promise<ApiReply> => plane.api('POST', '/api/v1/instances', { json: { connector: 'desk', connector_version: '1.0.0', environment: 'prod', base_url: 'https://desk.example.com', ...json } });
/** With a secret that is shared and sent, as senders that cannot sign have it. Whatever is verified is read next, and this says nothing. */
async function hook(instanceId: string, secret: string): Promise<unknown> {
  const reply = await plane.api('POST', `/api/v1/ingest/desk/${instanceId}`, { key: null, json: { id: 'T-1' }, headers: { 'x-countersign-shared-secret': secret } });
  return reply.body['code'] === 'webhook_payload_invalid' ? 'verified' : reply.body['code'];
}

test('is listed with where it is kept and what uses it, and never with what it is; what is in use is not removed', async () => {
  const { body } = await store({ name: 'login', kind: 'basic', value: { username: 'u', password: 'correct horse' } });
  const id = String(body['id']);
  expect((await instance({ name: 'first', credential_id: id })).status).toBe(201);
  expect(await listed(id)).toMatchObject({ name: 'login', kind: 'basic', version: 1, source: 'sealed', used_by: [{ name: 'first', as: 'credential' }] });
  const refused = await remove(id);
  expect([refused.status, refused.body['code'], refused.body['detail']]).toEqual([409, 'credential_in_use', expect.stringContaining('first (credential)')]);

  const rotated = await rotate(id, { value: { username: 'u', password: 'battery staple' } });
  expect([rotated.status, rotated.body['version']]).toEqual([200, 2]);
  expect((await rotate(id, { value: { username: 'u' } })).body['code']).toBe('request_invalid');
  expect((await rotate(id, { value: { username: 'u', password: 'p' }, overlap_s: 60 })).body['errors']).toEqual([expect.objectContaining({ field: '/overlap_s' })]);
  expect((await rotate(id, {})).body['code']).toBe('request_invalid');
  expect(await plane.auditTypes(id)).toEqual(['credential.stored', 'credential.rotated']);
  expect(JSON.stringify([await plane.auditEvents(), (await plane.api('GET', '/api/v1/credentials')).body])).not.toMatch(/horse|staple/);
});

test('one that nothing uses is removed, its name may be used again, and no instance can be given it', async () => {
  const id = String((await store({ name: 'spare', kind: 'bearer', value: { token: 't' } })).body['id']);
  expect((await remove(id)).status).toBe(204);
  expect([(await remove(id)).body['code'], (await rotate(id, { value: { token: 'u' } })).body['code'], await listed(id)]).toEqual(['not_found', 'not_found', undefined]);
  expect((await instance({ name: 'second', credential_id: id })).body['code']).toBe('credential_unknown');
  expect((await store({ name: 'spare', kind: 'bearer', value: { token: 't' } })).status).toBe(201);
});

test('is of the workspace that it was stored in: another one neither sees, changes nor sends it anywhere', async () => {
  const id = String((await store({ name: 'mine', kind: 'basic', value: { username: 'u', password: 'p' } })).body['id']);
  const elsewhere = String((await plane.api('POST', '/api/v1/workspaces', { json: { slug: 'branch', name: 'Branch' } })).body['id']);
  const stranger = await plane.principal([]);
  expect((await plane.api('POST', '/api/v1/role-assignments', { json: { principal_id: stranger.id, role: 'admin', workspace_id: elsewhere } })).status).toBe(201);
  const there = (method: string, path: string, json?: unknown): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, { key: stranger.key, headers: { 'countersign-workspace': elsewhere }, ...(json === undefined ? {} : { json }) });
  expect(JSON.stringify((await there('GET', '/credentials')).body)).not.toContain(id);
  expect((await there('POST', '/instances', { connector: 'desk', connector_version: '1.0.0', environment: 'prod', base_url: 'https://evil.example.com', name: 'taker', credential_id: id })).body['code']).toBe('credential_unknown');
  expect((await there('POST', `/credentials/${id}/rotate`, { value: { username: 'u', password: 'q' } })).status).toBe(404);
  expect((await there('DELETE', `/credentials/${id}`)).status).toBe(404);
  const theirs = String((await there('POST', '/credentials', { name: 'theirs', kind: 'basic', value: { username: 'u', password: 'p' } })).body['id']);
  expect((await there('POST', '/instances', { connector: 'desk', connector_version: '1.0.0', environment: 'prod', base_url: 'https://desk.example.com', name: 'own', credential_id: theirs })).status).toBe(201);
  // Whoever rules the tenant sees all of them.
  expect(await listed(theirs)).toMatchObject({ used_by: [{ name: 'own' }] });
});

test('may be kept elsewhere: a reference is read before it is taken, and leads nowhere but to the tenant\'s own', async () => {
  expect((await store({ name: 'ref', kind: 'basic', secret_ref: 'file:desk.json' })).body['code']).toBe('secret_ref_invalid');
  await keep('desk.json', JSON.stringify({ username: 'u' }));
  const incomplete = await store({ name: 'ref', kind: 'basic', secret_ref: 'file:desk.json' });
  expect([incomplete.body['code'], incomplete.body['detail']]).toEqual(['secret_ref_invalid', expect.stringContaining('password: This text is required.')]);
  await keep('desk.json', JSON.stringify({ username: 'u', password: 'p' }));
  const stored = await store({ name: 'ref', kind: 'basic', secret_ref: 'file:desk.json' });
  expect([stored.status, stored.body['source'], stored.body['secret_ref']]).toEqual([201, 'file', 'file:desk.json']);
  expect((await rotate(String(stored.body['id']), { value: { username: 'u', password: 'p' } })).body['source']).toBe('sealed');
  for (const secret_ref of ['file:../key', 'env:PATH', 'aws-sm:x', 'somewhere']) expect((await store({ name: 'bad', kind: 'bearer', secret_ref })).body['code']).toBe('secret_ref_invalid');
  expect((await store({ name: 'both', kind: 'bearer', value: { token: 't' }, secret_ref: 'file:desk.json' })).body['code']).toBe('request_invalid');
});

test('webhooks are verified with the secret before for as long as was asked for, and not a moment longer', async () => {
  const id = String((await store({ name: 'hook', kind: 'webhook_secret', value: { secret: HOOK('a') } })).body['id']);
  const made = String((await instance({ name: 'hooked', shared_secret_credential_id: id })).body['id']);
  expect([await hook(made, HOOK('a')), await hook(made, HOOK('b'))]).toEqual(['verified', 'webhook_signature_invalid']);
  expect((await rotate(id, { value: { secret: HOOK('b') }, overlap_s: 3_600 })).body['previous_until']).toEqual(expect.any(String));
  await expect.poll(() => hook(made, HOOK('b'))).toBe('verified');
  expect([await hook(made, HOOK('a')), await hook(made, HOOK('c'))]).toEqual(['verified', 'webhook_signature_invalid']);
  await keep('hook', `${HOOK('c')}\n`);
  await rotate(id, { secret_ref: 'file:hook' });
  await expect.poll(() => hook(made, HOOK('c'))).toBe('verified');
  expect([await hook(made, HOOK('a')), await hook(made, HOOK('b'))]).toEqual(['webhook_signature_invalid', 'webhook_signature_invalid']);
  await rm(path.join(folder, plane.tenant.tenantId, 'hook'));
  expect(await hook(made, HOOK('c'))).toBe('secret_unreachable');
});
