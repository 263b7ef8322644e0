/** What is refused, in which words, and what two at once come to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { PolicyClient, denying } from '../testing/policy-client.ts';
import type { Environments } from '../testing/policy-client.ts';

let plane: ControlPlaneUnderTest;
let admin: PolicyClient;
let env: Environments;
let one: number;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  admin = new PolicyClient(plane);
  env = await admin.environments();
  one = await admin.version('tenant', { 'tenant.rego': denying('tenant', 'one', 'ticket.one') });
});
afterAll(() => plane.stop());

const files = { 'tenant.rego': denying('tenant', 'one', 'ticket.one') };
const fieldsOf = ({ errors }: Record<string, unknown>): string[] => (errors as Array<{ field: string }>).map(({ field }) => field);

describe('a draft', () => {
  test.each<[string, string, Record<string, unknown>, string, string]>([
    ['a path out of its folder', 'tenant', { files: { '../base.rego': 'package x' } }, 'request_invalid', '/files/..~1base.rego'],
    ['a file that is no Rego', 'tenant', { files: { 'data.json': '{}' } }, 'request_invalid', '/files/data.json'],
    ['a path that is too long', 'tenant', { files: { [`${'a'.repeat(60)}/b.rego`]: 'package x' } }, 'request_invalid', `/files/${'a'.repeat(60)}~1b.rego`],
    ['data that OPA would hash otherwise', 'tenant', { files, data: { ärger: 1 } }, 'request_invalid', '/data'],
    ['packs of a layer that chooses none', 'workspace', { files, packs: ['itsm'] }, 'request_invalid', '/packs'],
    ['a pack that is none', 'tenant', { files, packs: ['itsm', 'magic'] }, 'policy_pack_unknown', '/packs'],
    ['a field that is misspelt', 'tenant', { files, pack: [] }, 'request_invalid', '/pack'],
    ['no files at all', 'tenant', { data: {} }, 'request_invalid', '/files'],
  ])('with %s is refused, and the field is named', async (_name, layer, body, code, field) => {
    const reply = await admin.call('POST', `/policies/${layer === 'workspace' ? plane.tenant.workspaceId : layer}/drafts`, body);
    expect([reply['code'], fieldsOf(reply)]).toEqual([code, [field]]);
  });

  test('of no layer, of a layer of nobody here, and on the stack of an environment of nobody here, is refused', async () => {
    const code = async (layer: string, more: object = {}): Promise<unknown> => (await admin.call('POST', `/policies/${layer}/drafts`, { files, ...more }))['code'];
    expect(await code('platform')).toBe('request_invalid');
    expect(await code(newId('workspace'))).toBe('not_found');
    expect(await code(newId('environment'))).toBe('not_found');
    expect(await code('tenant', { environment_id: newId('environment') })).toBe('policy_environment_unknown');
    expect(await code(env.dev, { environment_id: env.prod })).toBe('policy_environment_unknown');
  });

  test('of more than 1 MiB is refused before it is read; of one file of more than 256 KiB says so of the file', async () => {
    const large = await plane.api('POST', '/api/v1/policies/tenant/drafts', { body: JSON.stringify({ files: { 'a.rego': `package countersign.tenant\n#${'x'.repeat(1_100_000)}` } }) });
    expect([large.status, large.body['code']]).toEqual([413, 'body_too_large']);
    const draft = await admin.call('POST', '/policies/tenant/drafts', { files: { 'a.rego': `package countersign.tenant\n#${'x'.repeat(300_000)}` } });
    expect(draft['valid']).toBe(false);
    expect((draft['report'] as { problems: Array<{ file: string; severity: string }> }).problems).toContainEqual(expect.objectContaining({ file: 'tenant/a.rego', severity: 'error' }));
  });

  test('with the same Idempotency-Key is the same draft; with another body the key is refused', async () => {
    const key = { 'idempotency-key': 'draft-1' };
    const first = await admin.call('POST', '/policies/tenant/drafts', { files }, key);
    expect((await admin.call('POST', '/policies/tenant/drafts', { files }, key))['id']).toBe(first['id']);
    expect((await admin.call('POST', '/policies/tenant/drafts', { files: {} }, key))['code']).toBe('idempotency_key_reused');
    const page = await admin.get('/policies/tenant/drafts?limit=1');
    expect(page['items']).toEqual([expect.objectContaining({ id: first['id'], valid: true })]);
    expect(page['next_cursor']).toEqual(expect.any(String));
    const next = await admin.get(`/policies/tenant/drafts?limit=1&cursor=${String(page['next_cursor'])}`);
    expect(next['items']).not.toEqual(page['items']);
  });

  test('that asks a question without an answer is not valid: every such call would be denied', async () => {
    const broken = denying('tenant', 'odd', 'ticket.odd').replace('input.action.name == "ticket.odd"', 'input.action.name').replace('"outcome": "DENY"', '"outcome": "THROTTLE"');
    const draft = await admin.call('POST', '/policies/tenant/drafts', { files: { 'tenant.rego': broken } });
    expect([draft['valid'], (draft['report'] as { ok: boolean }).ok]).toEqual([false, false]);
  });
});

describe('a version', () => {
  test('is of a draft of its own layer, with a message; the same content is the same version', async () => {
    const draft = await admin.call('POST', '/policies/tenant/drafts', { files });
    const publish = (layer: string, body: object): Promise<Record<string, unknown>> => admin.call('POST', `/policies/${layer}/versions`, body);
    expect(await publish('tenant', { draft_id: draft['id'], message: ' ' })).toMatchObject({ code: 'request_invalid', errors: [{ field: '/message' }] });
    expect(await publish('tenant', { draft_id: newId('policy_draft'), message: 'x' })).toMatchObject({ status: 422, code: 'policy_draft_unknown' });
    expect(await publish(plane.tenant.workspaceId, { draft_id: draft['id'], message: 'x' })).toMatchObject({ status: 422, code: 'policy_draft_unknown' });
    expect(await publish('tenant', { draft_id: draft['id'], message: 'Again' })).toMatchObject({ status: 201, version: one, message: 'For a test', files });
    expect(await admin.get(`/policies/tenant/versions/${one}`)).toMatchObject({ version: one, files, data: {}, packs: ['engineering', 'itsm'] });
    expect(await admin.call('GET', '/policies/tenant/versions/99')).toMatchObject({ status: 404, detail: 'This layer has no version 99.' });
  });

  test('two at once get two numbers', async () => {
    const drafts = await Promise.all(['x', 'y'].map((name) => admin.call('POST', '/policies/tenant/drafts', { files: { 'tenant.rego': denying('tenant', name, name) } })));
    const published = await Promise.all(drafts.map(({ id }) => admin.call('POST', '/policies/tenant/versions', { draft_id: id, message: 'At once' })));
    expect(published.map(({ version }) => version as number).sort()).toEqual([one + 1, one + 2]);
  });
});

describe('a release', () => {
  test.each<[string, Record<string, unknown>, string, string | undefined]>([
    ['of a layer without a version', { kind: 'release', layer: 'tenant' }, 'request_invalid', '/version'],
    ['of a version that is none', { kind: 'release', layer: 'tenant', version: 99 }, 'policy_version_unknown', undefined],
    ['of a layer that is none', { kind: 'release', layer: 'platform', version: 1 }, 'not_found', undefined],
    ['with a version where it promotes', { kind: 'promote', version: 1 }, 'request_invalid', '/version'],
    ['back to nothing that it names', { kind: 'rollback' }, 'request_invalid', '/to_release_id'],
    ['back to what never was', { kind: 'rollback', to_release_id: newId('policy_release') }, 'request_invalid', '/to_release_id'],
    ['promoted to the first environment', { kind: 'promote' }, 'policy_not_promoted', undefined],
    ['without a reason', { kind: 'promote', reason: ' ' }, 'request_invalid', '/reason'],
  ])('%s is refused', async (_name, body, code, field) => {
    const reply = await admin.release(env.dev, body);
    expect([reply['code'], field === undefined ? undefined : fieldsOf(reply)[0]]).toEqual([code, field]);
  });

  test('in an environment of nobody here is refused', async () => {
    expect(await admin.release(newId('environment'), { kind: 'promote' })).toMatchObject({ status: 422, code: 'policy_environment_unknown', detail: expect.stringContaining(env.dev) as string });
  });

  test('two at once: one is in force, the other is told; what is in force already is not released again; a repeated request is one release', async () => {
    const versions = await Promise.all(['r1', 'r2'].map((name) => admin.version('tenant', { 'tenant.rego': denying('tenant', name, name) })));
    const replies = await Promise.all(versions.map((version) => admin.release(env.dev, { kind: 'release', layer: 'tenant', version })));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const [won, lost] = [replies.find(({ status }) => status === 201), replies.find(({ status }) => status === 409)];
    expect(lost).toMatchObject({ code: 'policy_release_raced', detail: expect.stringContaining(String(won?.['id'])) as string });
    expect(await admin.release(env.dev, { kind: 'release', layer: 'tenant', version: won?.['version'] })).toMatchObject({ status: 409, code: 'policy_release_unchanged' });
    const again = { environment_id: env.dev, reason: 'Twice', kind: 'rollback', to_release_id: null };
    const key = { 'idempotency-key': 'release-1' };
    const both = [await admin.call('POST', '/policy-releases', again, key), await admin.call('POST', '/policy-releases', again, key)];
    expect(both.map(({ status, id }) => [status, id])).toEqual([[201, both[0]?.['id']], [201, both[0]?.['id']]]);
    expect(((await admin.get('/policy-releases'))['items'] as unknown[]).length).toBe(2);
  }, 60_000);

  test('that binds is not withdrawn: another one takes its place', async () => {
    const [released] = (await admin.get('/policy-releases?state=released'))['items'] as Array<{ id: string }>;
    expect(await admin.call('POST', `/policy-releases/${released?.id ?? ''}/withdraw`, { reason: 'For a test' })).toMatchObject({ status: 409, code: 'policy_release_state', detail: expect.stringContaining('is released') as string });
  });
});

test('another tenant sees none of it, and what it names of it does not exist', async () => {
  const stranger = new PolicyClient(plane, await plane.principal(['admin', 'approver'], await plane.otherTenant()));
  const [draft] = (await admin.get('/policies/tenant/drafts'))['items'] as Array<{ id: string }>;
  const [release] = (await admin.get('/policy-releases'))['items'] as Array<{ id: string }>;
  for (const path of [`/policy-drafts/${draft?.id ?? ''}`, `/policy-releases/${release?.id ?? ''}`, `/policy-gates/${env.dev}`, `/policies/${env.dev}/drafts`, `/policies/${plane.tenant.workspaceId}/versions`, `/policies/tenant/versions/${one}`]) {
    expect([path, (await stranger.call('GET', path)).status]).toEqual([path, 404]);
  }
  for (const path of ['/policies/tenant/drafts', '/policies/tenant/versions', '/policy-releases']) expect([path, (await stranger.get(path))['items']]).toEqual([path, []]);
  expect(await stranger.call('POST', '/policies/tenant/versions', { draft_id: draft?.id, message: 'x' })).toMatchObject({ code: 'policy_draft_unknown' });
  expect(await stranger.release(env.dev, { kind: 'promote' })).toMatchObject({ code: 'policy_environment_unknown' });
  for (const what of ['override', 'withdraw']) expect(await stranger.call('POST', `/policy-releases/${release?.id ?? ''}/${what}`, { reason: 'For a test' })).toMatchObject({ status: 404 });
});

test('a service may ask for a release; an author may only draft', async () => {
  const author = new PolicyClient(plane, await plane.principal(['author']));
  const draft = await author.call('POST', '/policies/tenant/drafts', { files });
  expect(draft.status).toBe(201);
  expect(await author.call('POST', '/policies/tenant/versions', { draft_id: draft['id'], message: 'x' })).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await author.release(env.dev, { kind: 'release', layer: 'tenant', version: one })).toMatchObject({ status: 403, code: 'forbidden' });
  const service = new PolicyClient(plane, await plane.principal(['policy-admin'], plane.tenant, 'service'));
  expect(await service.release(env.dev, { kind: 'release', layer: 'tenant', version: one })).toMatchObject({ status: 201 });
}, 60_000);

test('without OPA nothing is compiled, and it says how to get it; what is in force goes on', async () => {
  const without = await ControlPlaneUnderTest.start({ COUNTERSIGN_OPA: '/nowhere/opa' });
  const client = new PolicyClient(without);
  expect(await client.call('POST', '/policies/tenant/drafts', { files })).toMatchObject({ status: 503, code: 'opa_unavailable', detail: expect.stringContaining('npm run setup:opa') as string });
  expect((await client.get('/policies'))['opa']).toEqual({ available: false, version: null, how_to_get_it: expect.stringContaining('npm run setup:opa') as string });
  expect(((await client.get('/policy'))['items'] as unknown[]).length).toBe(3);
  await without.stop();
});
