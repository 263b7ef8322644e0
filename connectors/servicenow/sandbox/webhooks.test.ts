/** The business rule of the sandbox: signed once, posted once, lost, doubled or turned round on demand. */
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import type { HookReceiver } from './testing/client.ts';
import { INTEGRATION, call, hookReceiver } from './testing/client.ts';
import type { Delivery } from './webhooks.ts';

const SECRET = `whsec_${Buffer.from('thirty-two bytes of test secret!').toString('base64')}`;
let sandbox: RunningSandbox;
let receiver: HookReceiver;

beforeEach(async () => {
  receiver = await hookReceiver();
  sandbox = await startSandbox({ incidents: 2, webhook: { url: receiver.url, secret: SECRET } });
});

afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

const raise = async () => (await call<{ tickets: Array<Record<string, string>> }>(sandbox.url, '/sandbox/tickets', { json: {} })).body.tickets[0] ?? {};
const patch = (sysId: string, json: unknown) => call(sandbox.url, `/api/now/table/incident/${sysId}`, { method: 'PATCH', as: INTEGRATION, json });
const setMode = (mode: string) => call(sandbox.url, '/sandbox/deliveries/mode', { method: 'PUT', json: { mode } });
const deliveries = async () => (await call<{ deliveries: Delivery[] }>(sandbox.url, '/sandbox/deliveries')).body.deliveries;

test('insert and update are posted as Standard Webhooks messages', async () => {
  const ticket = await raise();
  const sysId = ticket['sys_id'] ?? '';
  await receiver.received(1);
  await patch(sysId, { urgency: '1' });
  await patch(sysId, { urgency: '1' });
  const [inserted, updated] = await receiver.received(2);
  expect(new Webhook(SECRET).verify(inserted?.body ?? '', inserted?.headers ?? {})).toEqual({
    table: 'incident', sys_id: sysId, number: ticket['number'], sys_mod_count: '0', operation: 'insert', sys_updated_by: expect.stringMatching(/^requester\./),
  });
  expect(inserted?.headers['webhook-id']).toBe(`${sysId}.0`);
  expect(new Webhook(SECRET).verify(updated?.body ?? '', updated?.headers ?? {})).toMatchObject({ sys_mod_count: '1', operation: 'update', sys_updated_by: 'countersign.integration' });
  expect(receiver.all()).toHaveLength(2);
});

test('a refusal or a dead receiver is logged and not retried; the save is not kept waiting', async () => {
  await receiver.stop();
  const refusing = await hookReceiver(500);
  expect((await call(sandbox.url, '/sandbox/webhook', { method: 'PUT', json: { url: refusing.url, secret: SECRET } })).status).toBe(204);
  await raise();
  await refusing.received(1);
  await call(sandbox.url, '/sandbox/webhook', { method: 'PUT', json: { url: receiver.url, secret: SECRET } });
  await raise();
  await expect.poll(async () => (await deliveries()).map(({ outcome, status }) => [outcome, status])).toEqual([['answered', 500], ['failed', null]]);
  expect(refusing.all()).toHaveLength(1);
  await refusing.stop();
});

test('suppressed messages are lost, duplicated ones come twice with the same id', async () => {
  await setMode('suppress');
  await raise();
  await setMode('duplicate');
  const ticket = await raise();
  const twice = await receiver.received(2);
  expect(twice.map(({ headers }) => headers['webhook-id'])).toEqual([`${ticket['sys_id']}.0`, `${ticket['sys_id']}.0`]);
  expect((await deliveries())[0]).toMatchObject({ outcome: 'suppressed' });
});

test('reordered messages are held back until the next, or until released', async () => {
  await setMode('reorder');
  const sysId = (await raise())['sys_id'] ?? '';
  expect(receiver.all()).toHaveLength(0);
  await patch(sysId, { urgency: '2' });
  await receiver.received(2);
  expect((await deliveries()).map(({ webhook_id, outcome }) => [webhook_id.slice(-1), outcome === 'held'])).toEqual([['0', true], ['1', false], ['0', false]]);
  await raise();
  await call(sandbox.url, '/sandbox/deliveries/release', { method: 'POST' });
  await receiver.received(3);
});

test('the secret is in no page, log or answer', async () => {
  const ticket = await raise();
  await receiver.received(1);
  const key = SECRET.slice('whsec_'.length);
  for (const path of ['/', `/tickets/${ticket['number']}`, '/sandbox/', '/sandbox/deliveries', '/sandbox/requests', '/sandbox/faults']) {
    const { text, status } = await call(sandbox.url, path);
    expect([path, status, text.includes(key), text.includes('sandbox-admin')]).toEqual([path, 200, false, false]);
  }
});
