import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import type { DeskInstance } from '../testing/desk-instance.ts';

let plane: ControlPlaneUnderTest;
let desk: DeskInstance;

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  desk = await createDesk(plane);
});
afterAll(() => plane.stop());

let count = 0;
const ticket = (changes: Record<string, unknown> = {}): Record<string, unknown> => {
  count += 1;
  return { id: `ticket-${count}`, number: `T${count}`, version: 0, operation: 'insert', changed_by: 'abel.tuter', ...changes };
};

interface Sending { id?: string; at?: Date; body?: string | Uint8Array; secret?: string; headers?: Record<string, string>; path?: string }

/** Signs with the reference implementation of Standard Webhooks, which is not ours. */
async function send(payload: unknown, sending: Sending = {}): Promise<ApiReply> {
  const body = sending.body ?? JSON.stringify(payload);
  const id = sending.id ?? randomUUID();
  const at = sending.at ?? new Date();
  const signed = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  const headers = {
    'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': new Webhook(sending.secret ?? desk.secret).sign(id, at, signed), ...sending.headers,
  };
  return plane.api('POST', sending.path ?? desk.path, { key: null, body, headers });
}

async function deliveries(): Promise<Array<{ id: string; state: string; dropped_because: string | null; dedupe_key: string; subject: string }>> {
  const { tenantId } = plane.tenant;
  return plane.database.control.forTenant(tenantId, (tx) => tx.rows({ name: 'test.deliveries', text: 'SELECT id, state, dropped_because, dedupe_key, subject FROM execution.deliveries WHERE tenant_id = $1 ORDER BY received_at' }, [tenantId]));
}

/** Nothing that is refused leaves anything behind but its audit event. */
async function expectRefused(reply: ApiReply, status: number, code: string, before: number): Promise<void> {
  expect({ status: reply.status, code: reply.body['code'] }).toEqual({ status, code });
  expect((await deliveries()).length).toBe(before);
  const refusals = (await plane.auditEvents()).filter((event) => event.type === 'delivery.refused');
  expect(refusals.at(-1)?.data['code']).toBe(code);
}

describe('a good webhook', () => {
  test('is durable, audited and answered with its delivery', async () => {
    const payload = ticket();
    const reply = await send(payload);
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ duplicate: false, dropped_because: null });
    const stored = (await deliveries()).find((row) => row.id === reply.body['delivery_id']);
    expect(stored).toMatchObject({ state: 'accepted', subject: payload['id'], dedupe_key: `${String(payload['id'])}:0` });
    expect(await plane.auditTypes(String(reply.body['delivery_id']))).toEqual(['delivery.accepted']);
  });

  test('sent again is the same delivery; the same version under another id too', async () => {
    const payload = ticket();
    const id = randomUUID();
    const first = await send(payload, { id });
    const again = await send(payload, { id });
    const renamed = await send(payload);
    for (const reply of [again, renamed]) {
      expect(reply.status).toBe(202);
      expect(reply.body).toMatchObject({ duplicate: true, delivery_id: first.body['delivery_id'] });
    }
    const next = await send({ ...payload, version: 1 });
    expect(next.body['duplicate']).toBe(false);
  });

  test('twenty at once are one delivery', async () => {
    const payload = ticket();
    const id = randomUUID();
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(payload, { id })));
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([202]));
    expect(new Set(replies.map((reply) => reply.body['delivery_id'])).size).toBe(1);
    expect(replies.filter((reply) => reply.body['duplicate'] === false)).toHaveLength(1);
    expect((await deliveries()).filter((row) => row.subject === payload['id'])).toHaveLength(1);
    expect(await plane.auditTypes(String(replies[0]?.body['delivery_id']))).toEqual(['delivery.accepted']);
  });

  test('may carry several signatures while the secret is rotated', async () => {
    const payload = ticket();
    const body = JSON.stringify(payload);
    const id = randomUUID();
    const at = new Date();
    const mine = new Webhook(desk.secret).sign(id, at, body);
    const reply = await send(payload, { id, at, headers: { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} v1a,x ${mine}` } });
    expect(reply.status).toBe(202);
  });

  test('our own write comes back as an event and is dropped, with the reason kept', async () => {
    const byUser = await send(ticket({ changed_by: 'countersign' }));
    expect(byUser.body).toMatchObject({ dropped_because: 'own_write', duplicate: false });
    expect(await plane.auditTypes(String(byUser.body['delivery_id']))).toEqual(['delivery.dropped']);

    const { tenantId } = plane.tenant;
    const payload = ticket({ version: 7 });
    await plane.database.execution.forTenant(tenantId, (tx) => tx.change({ name: 'test.written', text: 'INSERT INTO execution.written_versions (tenant_id, instance_id, dedupe_key, call_id) VALUES ($1, $2, $3, $4)' },
      [tenantId, desk.id, `${String(payload['id'])}:7`, newId('tool_call')]));
    expect((await send(payload)).body['dropped_because']).toBe('own_write');
    const stored = (await deliveries()).filter((row) => row.dropped_because === 'own_write');
    expect(stored.map((row) => row.state)).toEqual(['dropped', 'dropped']);
  });

  test('about something that no trigger covers is dropped', async () => {
    expect((await send(ticket({ operation: 'delete' }))).body['dropped_because']).toBe('no_trigger');
  });

  test('a shared secret is enough only where the instance allows it', async () => {
    const shared = await createDesk(plane, { name: 'shared', shared: true });
    const headers = { 'x-countersign-shared-secret': shared.sharedSecret };
    const post = (path: string, extra: Record<string, string>): Promise<ApiReply> => plane.api('POST', path, { key: null, json: ticket(), headers: extra });
    expect((await post(shared.path, headers)).status).toBe(202);
    expect((await post(shared.path, { 'x-countersign-shared-secret': `${shared.sharedSecret}x` })).body['code']).toBe('webhook_signature_invalid');
    expect((await post(desk.path, headers)).body['code']).toBe('webhook_unsigned');
    // A signature that is there must be right, whatever else is.
    expect((await post(shared.path, { ...headers, 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,AAAA' })).body['code']).toBe('webhook_signature_invalid');
  });
});

describe('a bad webhook changes nothing, is answered with its code and audited', () => {
  let before: number;
  beforeAll(async () => { before = (await deliveries()).length; });

  test('unsigned', async () => {
    await expectRefused(await plane.api('POST', desk.path, { key: null, json: ticket() }), 401, 'webhook_unsigned', before);
  });

  test('mis-signed: other secret, other body, no version, not base64', async () => {
    const payload = ticket();
    await expectRefused(await send(payload, { secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }), 401, 'webhook_signature_invalid', before);
    const id = randomUUID();
    const at = new Date();
    const signature = new Webhook(desk.secret).sign(id, at, JSON.stringify(payload));
    await expectRefused(await send({ ...payload, number: 'T0' }, { id, at, headers: { 'webhook-signature': signature } }), 401, 'webhook_signature_invalid', before);
    for (const wrong of [signature.replace('v1,', 'v2,'), signature.slice(0, -2), 'v1,', ',', '€'.normalize('NFD').replace('€', 'v1')]) {
      await expectRefused(await send(payload, { id, at, headers: { 'webhook-signature': wrong } }), 401, 'webhook_signature_invalid', before);
    }
  });

  test.each([['too old', -301_000], ['from the future', 301_000]])('a timestamp that is %s', async (_name, offset_ms) => {
    await expectRefused(await send(ticket(), { at: new Date(Date.now() + offset_ms) }), 401, 'webhook_timestamp_outside_window', before);
  });

  test('a timestamp that is no number', async () => {
    await expectRefused(await send(ticket(), { headers: { 'webhook-timestamp': 'NaN' } }), 401, 'webhook_timestamp_outside_window', before);
  });

  test.each<[string, string | Uint8Array, number, string]>([
    ['not JSON', '{"id":', 400, 'json_invalid'],
    ['an empty body', ' ', 400, 'json_invalid'],
    ['duplicate keys', '{"id":"a","id":"b"}', 400, 'json_invalid'],
    ['nested 65 deep', `${'['.repeat(65)}${']'.repeat(65)}`, 400, 'json_invalid'],
    ['a NUL', String.raw`{"id":"a\u0000b","number":"T1","version":0,"operation":"insert"}`, 400, 'json_invalid'],
    ['half of a surrogate pair', String.raw`{"id":"\ud800","number":"T1","version":0,"operation":"insert"}`, 400, 'json_invalid'],
    ['__proto__', '{"__proto__":{"operation":"insert"}}', 400, 'json_invalid'],
    ['a list', '[]', 422, 'webhook_payload_invalid'],
    ['no operation', '{"id":"a"}', 422, 'webhook_payload_invalid'],
    ['a field of the wrong type', '{"id":1,"number":"T1","version":0,"operation":"insert"}', 422, 'webhook_payload_invalid'],
    ['an unknown field', '{"id":"a","number":"T1","version":0,"operation":"insert","more":1}', 422, 'webhook_payload_invalid'],
  ])('%s', async (_name, body, status, code) => {
    await expectRefused(await send(null, { body }), status, code, before);
  });

  test('over 64 KiB', async () => {
    await expectRefused(await send(ticket({ changed_by: 'x'.repeat(70_000) })), 413, 'body_too_large', before);
  });

  test('not UTF-8, rightly signed', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
    const id = randomUUID();
    const timestamp = String(Math.floor(Date.now() / 1000));
    const { createHmac } = await import('node:crypto');
    const mac = createHmac('sha256', Buffer.from(desk.secret.slice(6), 'base64')).update(`${id}.${timestamp}.`).update(bytes).digest('base64');
    await expectRefused(await plane.api('POST', desk.path, { key: null, body: bytes, headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` } }), 400, 'json_invalid', before);
  });

  test('another media type', async () => {
    await expectRefused(await send(ticket(), { headers: { 'content-type': 'text/plain' } }), 415, 'media_type_unsupported', before);
  });

  test('an id that was used with another body', async () => {
    const id = randomUUID();
    const first = ticket();
    await send(first, { id });
    await expectRefused(await send({ ...first, version: 3 }, { id }), 409, 'webhook_replayed', before + 1);
  });

  test('to an instance that is unknown, of another connector, or disabled', async () => {
    expect((await send(ticket(), { path: `/api/v1/ingest/desk/${newId('connector_instance')}` })).body['code']).toBe('instance_unknown');
    expect((await send(ticket(), { path: '/api/v1/ingest/desk/..%2f..%2fetc' })).body['code']).toBe('instance_unknown');
    expect((await send(ticket(), { path: `/api/v1/ingest/other/${desk.id}` })).body['code']).toBe('instance_unknown');
    const off = await createDesk(plane, { name: 'off' });
    const { tenantId } = plane.tenant;
    await plane.database.control.forTenant(tenantId, (tx) => tx.change({ name: 'test.disable', text: 'UPDATE control.connector_instances SET enabled = false WHERE tenant_id = $1 AND id = $2' }, [tenantId, off.id]));
    expect((await send(ticket(), { path: off.path, secret: off.secret })).body['code']).toBe('instance_disabled');
  });

  test('over the quota of runs, with the time to come again', async () => {
    const before = (await deliveries()).length;
    await plane.api('PUT', '/api/v1/limits', { json: { quotas: [{ name: 'runs_per_day', max: 0 }] } });
    const reply = await send(ticket());
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectRefused(reply, 429, 'quota_exceeded', before);
    await plane.api('PUT', '/api/v1/limits', { json: { quotas: [] } });
    expect((await send(ticket())).status).toBe(202);
  });
});

test('a flood of rubbish does not flood the audit, and is counted', async () => {
  const flooded = await createDesk(plane, { name: 'flooded' });
  for (let sent = 0; sent < 60; sent += 1) await plane.api('POST', flooded.path, { key: null, json: {} });
  const refused = await plane.auditTypes(flooded.id);
  expect(refused.filter((type) => type === 'delivery.refused').length).toBeLessThan(30);
  expect(refused.filter((type) => type === 'delivery.refused').length).toBeGreaterThanOrEqual(20);
});
