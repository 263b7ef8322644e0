import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { CallRequest, CallResult } from '../gateway/ports.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import { instanceOf, seededPolicy, testGateway } from '../gateway/testing/test-gateway.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import type { EgressResponse } from '../sdk/connector.ts';
import { escapeText } from './actions/post-message.ts';
import { slack } from './connector.ts';
import { errorOfAnswer, errorOfResponse } from './errors.ts';
import { startSlackSandbox } from './sandbox/server.ts';
import type { SlackSandbox } from './sandbox/server.ts';

let sandbox: SlackSandbox;
let pdp: Pdp;
let channel = '';
let token = '';
const open: TestGateway[] = [];

async function ask<Answer>(what: string, body: object): Promise<Answer> {
  const response = await fetch(`${sandbox.url}/sandbox/${what}`, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json() as { answer: Answer }).answer;
}

beforeAll(async () => {
  [sandbox, pdp] = await Promise.all([startSlackSandbox({ port: 0, redirectUrl: 'http://localhost:8080/oauth' }), seededPolicy()]);
  const state = await ask<{ bot_token: string; channels: Array<{ id: string; name: string }> }>('state', {});
  [channel, token] = [state.channels.find(({ name }) => name === 'approvals')?.id ?? '', state.bot_token];
});
afterAll(async () => {
  await sandbox.stop();
  await pdp.stop();
});
afterEach(async () => { await Promise.all(open.splice(0).map(({ gateway }) => gateway.close())); });

function connect(): TestGateway {
  const world = testGateway({
    connectors: [slack], pdp, credentials: { cred_1: { kind: 'bearer', token } },
    instances: [instanceOf(slack, { baseUrl: sandbox.url, allowedHosts: [new URL(sandbox.url).host], credentialId: 'cred_1' })],
  });
  open.push(world);
  return world;
}

const post = (world: TestGateway, text: string, labels: CallRequest['labels'], identity = testIdentity()): Promise<CallResult> =>
  world.call(identity, 'slack/message.post', { channel, text }, { labels });
const posted = (): Promise<Array<{ text: string }>> => ask('messages', { channel });

const OURS: CallRequest['labels'] = { '/channel': ['configuration'], '/text': ['configuration'] };

describe('posting', () => {
  test('what the workflow says to the channel that the workflow names needs nobody', async () => {
    const result = await post(connect(), 'The nightly import is through.', OURS);
    expect(result).toMatchObject({ kind: 'succeeded', output: { channel }, receipt: { fields_written: ['message'], verified_by_reading_back: true } });
    expect((await posted())[0]).toMatchObject({ text: 'The nightly import is through.' });
  });

  test.each<[string, CallRequest['labels']]>([
    ['words of a ticket', { ...OURS, '/text': ['ticket_text'] }],
    ['words of a model', { ...OURS, '/text': ['model_output'] }],
    ['a channel that a ticket named', { ...OURS, '/channel': ['trusted_system'] }],
  ])('%s take a person, and nothing is sent before', async (_name, labels) => {
    const before = (await posted()).length;
    const world = connect();
    const identity = testIdentity();
    const text = '<!channel> see <https://evil.example|this> & that';
    const asked = await post(world, text, labels, identity);
    expect(asked).toMatchObject({ kind: 'waiting_for_approval' });
    expect(await posted()).toHaveLength(before);
    world.approve((asked as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId);
    expect(await post(world, text, labels, nextAttempt(identity))).toMatchObject({ kind: 'succeeded' });
    // What Slack would read as a mention or a link is text.
    expect((await posted())[0]).toMatchObject({ text: '&lt;!channel&gt; see &lt;https://evil.example|this&gt; &amp; that' });
  });

  test('a channel that a ticket or a model chose is not even looked up', async () => {
    for (const label of ['ticket_text', 'model_output'] as const) {
      expect(await post(connect(), 'x', { ...OURS, '/channel': [label] })).toMatchObject({ kind: 'failed', error: { code: 'nested_call_denied' } });
    }
  });

  test('a channel that is not there is said', async () => {
    const result = await connect().call(testIdentity(), 'slack/channel.get', { channel: 'C0GONE' });
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'peer_not_found', retryable: false } });
    expect(JSON.stringify(result)).not.toContain(token);
  });
});

describe('what Slack answers', () => {
  const response = (status: number, headers: Record<string, string> = {}): EgressResponse => ({ status, headers, body: new Uint8Array(), json: () => null });
  const at = (changes: boolean) => ({ changes, now: new Date(0) });

  test.each([
    ['invalid_auth', 'peer_unauthenticated', 'none', false], ['missing_scope', 'peer_forbidden', 'none', false], ['not_in_channel', 'peer_forbidden', 'none', false],
    ['is_archived', 'target_closed', 'none', false], ['ratelimited', 'peer_rate_limited', 'none', true], ['internal_error', 'peer_unavailable', 'unknown', true],
    ['msg_too_long', 'peer_refused', 'none', false], ['<script>', 'peer_refused', 'none', false],
  ])('%s is %s', (error, code, effect, retryable) => {
    const told = errorOfAnswer(error, response(200), 'chat.postMessage', at(true));
    expect(told).toMatchObject({ code, effect, retryable });
    expect(told.message).not.toContain('<');
  });

  test('429 says when to come back; a read that broke had no effect', () => {
    expect(errorOfResponse(response(429, { 'retry-after': '30' }), 'chat.postMessage', at(true))).toMatchObject({ code: 'peer_rate_limited', effect: 'none', retryAfterMs: 30_000 });
    expect(errorOfResponse(response(502), 'chat.postMessage', at(true))).toMatchObject({ code: 'peer_unavailable', effect: 'unknown' });
    expect(errorOfResponse(response(502), 'conversations.info', at(false))).toMatchObject({ effect: 'none' });
  });
});

test('escaping leaves nothing for Slack to parse', () => {
  expect(escapeText('<@U1> & <#C1|x>')).toBe('&lt;@U1&gt; &amp; &lt;#C1|x&gt;');
});
