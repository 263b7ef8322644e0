import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { SlackPlane } from './testing/slack-plane.ts';

/** What comes in by HTTP and is not what Slack signed, now, and once. */
let it: SlackPlane;
let otherAdmin: TestPrincipal;

beforeAll(async () => {
  it = await SlackPlane.start('http');
  otherAdmin = await it.plane.principal(EVERY_ROLE, await it.plane.otherTenant());
}, 60_000);
afterAll(() => it.stop());

interface Sent {
  readonly body?: string;
  readonly secret?: string;
  readonly at_s?: number;
  /** Signed so much after the moment of sending. Tables of cases are made when the file is read, long before. */
  readonly later_s?: number;
  readonly headers?: Record<string, string>;
  readonly url?: string;
}

const COMMAND = 'command=%2Fcountersign&text=help&team_id=T000000001&user_id=U1&user_name=u&trigger_id=t';
const now_s = (): number => Math.floor(Date.now() / 1000);

async function send({ body = COMMAND, secret = it.slack.state.signing_secret, later_s = 0, at_s = now_s() + later_s, headers = {}, url = it.requestUrl(it.plane.tenant) }: Sent): Promise<{ status: number; code: unknown; text: string }> {
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${at_s}:${body}`).digest('hex')}`;
  const response = await fetch(url, {
    method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-signature': signature, 'x-slack-request-timestamp': String(at_s), ...headers },
  });
  const text = await response.text();
  const code = response.headers.get('content-type')?.includes('problem') ? (JSON.parse(text) as { code: string }).code : null;
  return { status: response.status, code, text };
}

test('a signed command is answered, and the same request a second time is not', async () => {
  const at_s = now_s() - 5;
  const first = await send({ at_s });
  expect([first.status, first.text]).toEqual([200, expect.stringContaining('/countersign link') as string]);
  expect(await send({ at_s })).toMatchObject({ status: 409, code: 'slack_replayed' });
  // Twenty at once: one is the first.
  const many = await Promise.all(Array.from({ length: 20 }, () => send({ at_s: at_s - 1 })));
  expect(many.filter(({ status }) => status === 200)).toHaveLength(1);
});

test.each<[string, Sent, number, string]>([
  ['without a signature', { headers: { 'x-slack-signature': '' } }, 401, 'slack_signature_invalid'],
  ['with another secret', { secret: 'another-secret-of-somebody-else' }, 401, 'slack_signature_invalid'],
  ['with an upper-case signature', { headers: { 'x-slack-signature': `V0=${'A'.repeat(64)}` } }, 401, 'slack_signature_invalid'],
  ['301 seconds old', { later_s: -302 }, 401, 'slack_timestamp_outside_window'],
  ['from the future', { later_s: 330 }, 401, 'slack_timestamp_outside_window'],
  ['with a timestamp that is none', { headers: { 'x-slack-request-timestamp': '1e9' } }, 401, 'slack_timestamp_outside_window'],
  ['of another media type', { body: 'x', headers: { 'content-type': 'text/plain' } }, 415, 'media_type_unsupported'],
  ['with a payload that is no JSON', { body: 'payload=%7B' }, 400, 'json_invalid'],
  ['with a payload of a list', { body: 'payload=%5B%5D' }, 400, 'json_invalid'],
])('a request %s is refused and audited', async (_name, sent, status, code) => {
  expect(await send(sent)).toMatchObject({ status, code });
  const refused = (await it.plane.auditEvents()).filter((event) => event.type === 'slack.request_refused');
  expect(refused.at(-1)?.data['code']).toBe(code);
});

test('headers that are missing, a body that is too big', async () => {
  const bare = await fetch(it.requestUrl(it.plane.tenant), { method: 'POST', body: COMMAND, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  expect([bare.status, ((await bare.json()) as { code: string }).code]).toEqual([401, 'slack_request_unsigned']);
  expect(await send({ body: `payload=${'x'.repeat(256 * 1024)}` })).toMatchObject({ status: 413, code: 'body_too_large' });
});

test('a signature of one tenant is none of another, and who uses Slack cannot be found out', async () => {
  const foreign = { ...it.slack.settings('http'), signing_secret: 'the-secret-of-the-other-tenant' };
  expect((await it.plane.api('PUT', '/api/v1/slack/app', { key: otherAdmin.key, json: foreign })).status).toBe(200);
  expect(await send({ url: it.requestUrl(otherAdmin) })).toMatchObject({ status: 401, code: 'slack_signature_invalid' });
  expect(await send({ url: it.requestUrl(otherAdmin), secret: 'the-secret-of-the-other-tenant' })).toMatchObject({ status: 200 });
  for (const tenantId of [newId('tenant'), 'ten_x', otherAdmin.workspaceId]) {
    expect(await send({ url: `${it.plane.url}/api/v1/slack/requests/${tenantId}` })).toMatchObject({ status: 401, code: 'slack_signature_invalid' });
  }
});

test('Slack\'s challenge is answered, signed only', async () => {
  const body = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
  expect(await send({ body, headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 200, text: '{"challenge":"abc"}' });
  expect(await send({ body, secret: 'another-secret-of-somebody-else', headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 401 });
});

test('an app in Socket Mode takes nothing by HTTP', async () => {
  await it.plane.api('PUT', '/api/v1/slack/app', { key: otherAdmin.key, json: { ...it.slack.settings('socket'), signing_secret: 'the-secret-of-the-other-tenant' } });
  expect(await send({ url: it.requestUrl(otherAdmin), secret: 'the-secret-of-the-other-tenant', at_s: now_s() - 30 })).toMatchObject({ status: 409, code: 'slack_not_configured' });
});

test('another method, another path', async () => {
  expect((await fetch(it.requestUrl(it.plane.tenant))).status).toBe(405);
  expect((await fetch(`${it.plane.url}/api/v1/slack/requests/x/y`, { method: 'POST' })).status).toBe(404);
});
