import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';

/** A forge: it signs only the body, and says beside it what kind of event it is. */
function forgeManifest(): ConnectorManifest {
  const object = (properties: object) => ({ type: 'object', additionalProperties: true, required: Object.keys(properties), properties });
  return {
    ...deskManifest(), name: 'forge',
    webhook: { scheme: 'hub-signature-256', id_header: 'x-forge-delivery', event_header: 'x-forge-event', ping_events: ['ping'], max_bytes: 200_000 },
    triggers: {
      'issue.opened': {
        title: 'An issue was opened', source_event: 'issues', subject: '/issue/url', subject_label: '/issue/url', dedupe_key: ['/repository/name', '/issue/number'],
        operation: { pointer: '/action', values: ['opened'] }, changed_by: '/sender/login',
        payload: object({ action: { type: 'string' }, issue: object({ url: { type: 'string' }, number: { type: 'integer' } }), repository: object({ name: { type: 'string' } }), sender: object({ login: { type: 'string' } }) }),
      },
    },
  };
}

let plane: ControlPlaneUnderTest;
const secret = randomBytes(32).toString('base64');
let paths: { mine: string; other: string };

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  expect((await plane.api('POST', '/api/v1/connectors', { json: { manifest: forgeManifest() } })).status).toBe(201);
  const instance = async (name: string, value: string): Promise<string> => {
    const credential = await plane.api('POST', '/api/v1/credentials', { json: { name, kind: 'webhook_secret', value: { secret: value } } });
    const made = await plane.api('POST', '/api/v1/instances', { json: { connector: 'forge', connector_version: '1.0.0', name, environment: 'prod', base_url: 'https://forge.example.com', settings: { integration_user: 'us[bot]' }, webhook_credential_id: credential.body['id'] } });
    return `/api/v1/ingest/forge/${String(made.body['id'])}`;
  };
  paths = { mine: await instance('mine', secret), other: await instance('other', randomBytes(32).toString('base64')) };
});
afterAll(() => plane.stop());

let count = 0;
const opened = (changes: object = {}) => ({ action: 'opened', issue: { url: `https://forge.test/issues/${count += 1}`, number: count, title: 'a canary sings' }, repository: { name: 'acme/app' }, sender: { login: 'alice' }, ...changes });
const signed = (body: string, key = secret): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

interface Sending { path?: string; id?: string; event?: string; headers?: Record<string, string>; body?: string }

async function send(payload: unknown, sending: Sending = {}): Promise<ApiReply> {
  const body = sending.body ?? JSON.stringify(payload);
  return plane.api('POST', sending.path ?? paths.mine, { key: null, body, headers: { 'x-forge-delivery': sending.id ?? randomUUID(), 'x-forge-event': sending.event ?? 'issues', 'x-hub-signature-256': signed(body), ...sending.headers } });
}

async function deliveries(): Promise<Array<{ state: string; dropped_because: string | null; dedupe_key: string; event: string; payload: unknown }>> {
  const { tenantId } = plane.tenant;
  return plane.database.control.forTenant(tenantId, (tx) => tx.rows({ name: 'test.deliveries', text: 'SELECT state, dropped_because, dedupe_key, event, payload FROM execution.deliveries WHERE tenant_id = $1 ORDER BY received_at' }, [tenantId]));
}

describe('a webhook that is signed over its body alone', () => {
  test('is durable, read through nested pointers, and keeps nothing that the schema does not name', async () => {
    const payload = opened();
    const reply = await send(payload);
    expect({ status: reply.status, body: reply.body }).toMatchObject({ status: 202, body: { duplicate: false, dropped_because: null } });
    const stored = (await deliveries()).at(-1)!;
    expect(stored).toMatchObject({ event: 'issue.opened', dedupe_key: `acme/app:${payload.issue.number}`, state: 'accepted' });
    expect(JSON.stringify(stored.payload)).not.toContain('canary');
  });

  test('sent again, under its id or another, is the same delivery; twenty at once are one', async () => {
    const payload = opened();
    const id = randomUUID();
    const replies = await Promise.all(Array.from({ length: 20 }, (_, at) => send(payload, at % 2 === 0 ? { id } : {})));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(new Set(replies.map(({ body }) => body['delivery_id'])).size).toBe(1);
    expect(replies.filter(({ body }) => body['duplicate'] === false)).toHaveLength(1);
  });

  test('an id that came before with another body is refused', async () => {
    const id = randomUUID();
    expect((await send(opened(), { id })).status).toBe(202);
    expect((await send(opened(), { id })).body['code']).toBe('webhook_replayed');
  });

  test('of a kind that nothing listens to, or of an action that nothing covers, is dropped; replayed under other ids it is still one', async () => {
    const labelled = opened({ action: 'labeled' });
    expect((await send(labelled)).body['dropped_because']).toBe('no_trigger');
    expect((await send(labelled)).body).toMatchObject({ duplicate: true, dropped_because: 'no_trigger' });
    expect((await send({ action: 'opened', pull_request: { number: 1 } }, { event: 'pull_request' })).body['dropped_because']).toBe('no_trigger');
    expect((await send({ ref: 'refs/heads/main' }, { event: 'push' })).body['dropped_because']).toBe('no_trigger');
  });

  test('by our own user is our echo', async () => {
    expect((await send(opened({ sender: { login: 'us[bot]' } }))).body['dropped_because']).toBe('own_write');
  });

  test('a ping is verified and answered, and nothing else', async () => {
    const before = (await deliveries()).length;
    const ping = await send({ zen: 'x' }, { event: 'ping' });
    expect({ status: ping.status, pong: ping.body['pong'] }).toEqual({ status: 200, pong: true });
    expect((await send({ zen: 'x' }, { event: 'ping', headers: { 'x-hub-signature-256': signed('other') } })).status).toBe(401);
    expect((await deliveries()).length).toBe(before);
  });

  test('may be as large as the manifest says and not larger', async () => {
    expect((await send(opened({ filler: 'x'.repeat(150_000) }))).status).toBe(202);
    expect((await send(opened({ filler: 'x'.repeat(210_000) }))).body['code']).toBe('body_too_large');
  });
});

describe('a bad one changes nothing and is audited', () => {
  test.each<[string, () => Sending & { payload?: unknown }, string]>([
    ['unsigned', () => ({ headers: { 'x-hub-signature-256': '' } }), 'webhook_unsigned'],
    ['signed with SHA-1 only', () => ({ headers: { 'x-hub-signature-256': '', 'x-hub-signature': 'sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709' } }), 'webhook_unsigned'],
    ['signed with another secret', () => ({ headers: { 'x-hub-signature-256': signed('{}', 'another') } }), 'webhook_signature_invalid'],
    ['signed over other bytes', () => ({ headers: { 'x-hub-signature-256': signed('{}') } }), 'webhook_signature_invalid'],
    ['half of a digest', () => ({ headers: { 'x-hub-signature-256': signed('{}').slice(0, 39) } }), 'webhook_signature_invalid'],
    ['no prefix', () => ({ headers: { 'x-hub-signature-256': signed('{}').slice(7) } }), 'webhook_signature_invalid'],
    ['for another instance', () => ({ path: paths.other }), 'webhook_signature_invalid'],
    ['with an id of 300 characters', () => ({ id: 'x'.repeat(300) }), 'webhook_signature_invalid'],
    ['without the issue', () => ({ payload: { action: 'opened', repository: { name: 'a' }, sender: { login: 'a' } } }), 'webhook_payload_invalid'],
    ['not JSON', () => ({ body: '{"action":' }), 'json_invalid'],
  ])('%s', async (_what, made, code) => {
    const before = (await deliveries()).length;
    const { payload = opened(), ...sending } = made();
    expect((await send(payload, sending)).body['code']).toBe(code);
    expect((await deliveries()).length).toBe(before);
    expect((await plane.auditEvents()).filter(({ type }) => type === 'delivery.refused').at(-1)?.data['code']).toBe(code);
  });

  test('signed for our instance, to one of another tenant: refused there, and audited there', async () => {
    const tenant = await plane.otherTenant();
    const { key } = await plane.principal(EVERY_ROLE, tenant);
    await plane.api('POST', '/api/v1/connectors', { key, json: { manifest: forgeManifest() } });
    const credential = await plane.api('POST', '/api/v1/credentials', { key, json: { name: 'theirs', kind: 'webhook_secret', value: { secret: randomBytes(32).toString('base64') } } });
    const made = await plane.api('POST', '/api/v1/instances', { key, json: { connector: 'forge', connector_version: '1.0.0', name: 'theirs', environment: 'prod', base_url: 'https://forge.example.com', webhook_credential_id: credential.body['id'] } });
    expect(made.status).toBe(201);
    const refusalsOfOurs = async (): Promise<number> => (await plane.auditEvents()).filter(({ type }) => type === 'delivery.refused').length;
    const before = await refusalsOfOurs();
    expect((await send(opened(), { path: `/api/v1/ingest/forge/${String(made.body['id'])}` })).body['code']).toBe('webhook_signature_invalid');
    expect(await refusalsOfOurs()).toBe(before);
  });

  test('a signature that is right but of the other scheme is none', async () => {
    const body = JSON.stringify(opened());
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const mac = createHmac('sha256', Buffer.from(secret, 'base64')).update(`id.${timestamp}.${body}`).digest('base64');
    const reply = await plane.api('POST', paths.mine, { key: null, body, headers: { 'webhook-id': 'id', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` } });
    expect(reply.body['code']).toBe('webhook_unsigned');
  });
});
