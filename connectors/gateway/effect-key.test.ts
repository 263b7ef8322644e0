import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Action, Connector, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import type { CallIdentity } from './call-identity.ts';
import type { CallResult } from './ports.ts';
import { nextAttempt, testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

/** A peer that keeps what is posted to it, over a real socket. */
let peer: Server;
let baseUrl: string;
let received: string[];
let respond: RequestListener;
const open: TestGateway[] = [];

beforeAll(async () => {
  peer = createServer((request, response) => {
    if (request.method === 'POST') received.push(request.headers['x-reference'] as string);
    respond(request, response);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  baseUrl = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});
afterAll(() => {
  peer.closeAllConnections();
  peer.close();
});
beforeEach(() => {
  received = [];
  respond = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
});
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

const lose: RequestListener = (request) => void request.socket.destroy();

const write: Action = {
  prepare: async (_context, parameters) => ({ parameters, target: { id: 't1', label: 'T1', version: '1' }, preview: { title: 'Write', fields: [], additions: [] } }),
  execute: async (context) => {
    const { status } = await context.egress.request({ method: 'POST', path: '/write', headers: { 'x-reference': context.reference }, json: {} });
    if (status >= 400) throw new ConnectorError({ code: 'peer_refused', effect: 'none', retryable: true, message: `refused with ${status}` });
    return { output: { by: context.reference } };
  },
};
/** Found by the reference that it left, as a work note is found by its marker. */
const reconcile: NonNullable<Action['reconcile']> = async (context) => (received.includes(context.reference) ? { happened: true, result: { output: { by: context.reference } } } : { happened: false });

function world(changes: Partial<ActionManifest> = {}, code: Action = write): TestGateway {
  const manifest = {
    title: 'Write', risk: 'write', reversible: true, idempotent: false, reconcile: code.reconcile !== undefined, timeout_ms: 1_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['ticket_text'],
    parameters: { type: 'object', additionalProperties: true }, output: { type: 'object', additionalProperties: true }, ...changes,
  };
  const connector: Connector = { ...checkManifest({ name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'], actions: { write: manifest } }), actions: { write: code } };
  const made = testGateway({ connectors: [connector], instances: [instanceOf(connector, { baseUrl, allowedHosts: [new URL(baseUrl).host] })], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
  open.push(made);
  return made;
}

function send(made: TestGateway, call: CallIdentity, idempotencyKey: string | null, parameters: JsonObject = { a: 1 }): Promise<CallResult> {
  return made.call(call, 'notes/write', parameters, { idempotencyKey });
}

const KEY = 'INC0010001:triage';

describe('a key that the workflow names', () => {
  test('gives a second run the outcome of the first, labelled alike, recorded as a replay, and nothing is sent or asked', async () => {
    const made = world();
    const first = await send(made, testIdentity(), KEY);
    const second = await send(made, testIdentity(), KEY);
    expect(first).toMatchObject({ kind: 'succeeded', outputLabels: ['ticket_text'] });
    expect(second).toEqual(first);
    expect([received.length, made.asked.length, made.store.calls.length]).toEqual([1, 1, 1]);
    expect(made.store.replays).toMatchObject([{ callId: made.store.calls[0]?.id, key: { text: KEY, action: 'notes/write' } }]);
  });

  test('is refused for other parameters, naming the key and both digests, and stays refused', async () => {
    const made = world();
    await send(made, testIdentity(), KEY);
    const refused = await send(made, testIdentity(), KEY, { a: 2 });
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'idempotency_conflict', retryable: false } });
    const { message } = (refused as Extract<CallResult, { kind: 'failed' }>).error;
    expect(message).toContain(KEY);
    expect(new Set(message.match(/sha256:[0-9a-f]{12}/g)).size).toBe(2);
    expect(received).toHaveLength(1);
  });

  test('of an effect under way is waited for', async () => {
    const made = world();
    let answer = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      respond = (_request, response) => {
        answer = () => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        resolve();
      };
    });
    const first = send(made, testIdentity(), KEY);
    await arrived;
    const second = testIdentity();
    expect(await send(made, second, KEY)).toMatchObject({ kind: 'failed', error: { code: 'idempotency_in_progress', retryable: true } });
    answer();
    const done = await first;
    expect(await send(made, nextAttempt(second), KEY)).toEqual(done);
    expect(received).toHaveLength(1);
  });

  test('of an effect that failed may be tried again', async () => {
    const made = world();
    respond = (_request, response) => void response.writeHead(409).end();
    expect(await send(made, testIdentity(), KEY)).toMatchObject({ kind: 'failed', error: { code: 'peer_refused' } });
    respond = (_request, response) => void response.writeHead(200).end();
    expect(await send(made, testIdentity(), KEY)).toMatchObject({ kind: 'succeeded' });
    expect(received).toHaveLength(2);
  });

  test('of an uncertain effect: it is looked up first, by the marks of the run that made it', async () => {
    const made = world({}, { ...write, reconcile });
    respond = lose;
    const first = testIdentity();
    expect(await send(made, first, KEY)).toMatchObject({ kind: 'uncertain' });
    respond = (_request, response) => void response.writeHead(200).end();
    const second = await send(made, testIdentity(), KEY);
    expect(second).toMatchObject({ kind: 'succeeded', callId: made.store.calls[0]?.id, output: { by: expect.stringContaining(first.run.id) } });
    expect(await send(made, nextAttempt(first), KEY)).toEqual(second);
    expect(received).toHaveLength(1);
    expect(made.store.replays).toHaveLength(1);
  });

  test('of an uncertain effect that did not happen: the second run makes it, and the first is given that', async () => {
    const made = world({}, { ...write, reconcile });
    respond = lose;
    const first = testIdentity();
    await send(made, first, KEY);
    received = [];
    made.later(2_000);
    respond = (_request, response) => void response.writeHead(200).end();
    const second = await send(made, testIdentity(), KEY);
    expect(second).toMatchObject({ kind: 'succeeded' });
    expect(await send(made, nextAttempt(first), KEY)).toEqual(second);
    expect([received.length, made.store.calls.map(({ state }) => state)]).toEqual([1, ['failed', 'succeeded']]);
  });

  test.each([['empty', ''], ['a text', 'the printer is broken'], ['of the derived form', `sha256:${'a'.repeat(64)}`], ['too long', 'a'.repeat(201)], ['with a line break', 'a\nb']])('%s is no key', async (_what, key) => {
    const made = world();
    expect(await send(made, testIdentity(), key)).toMatchObject({ kind: 'failed', error: { code: 'idempotency_key_invalid', retryable: false } });
    expect(received).toEqual([]);
  });

  test('is not for reads', async () => {
    const made = world({ risk: 'read', reconcile: false });
    expect(await send(made, testIdentity(), KEY)).toMatchObject({ kind: 'failed', error: { code: 'idempotency_key_invalid' } });
  });
});

describe('an effect of unknown outcome', () => {
  test('that cannot be looked up and is not idempotent is never sent again: a person must look', async () => {
    for (const key of [null, KEY]) {
      const made = world();
      respond = lose;
      received = [];
      const identity = testIdentity();
      let call = identity;
      expect(await send(made, call, key)).toMatchObject({ kind: 'uncertain' });
      respond = (_request, response) => void response.writeHead(200).end();
      for (let attempt = 0; attempt < 4; attempt++) {
        call = nextAttempt(call);
        made.later(3_600_000);
        expect(await send(made, call, key)).toMatchObject({ kind: 'uncertain', error: { code: 'outcome_unknown', message: expect.stringContaining('a person must look') } });
      }
      if (key !== null) expect(await send(made, testIdentity(), key)).toMatchObject({ kind: 'uncertain' });
      expect(received).toHaveLength(1);
    }
  });

  test('that cannot be looked up and is idempotent is sent again, under the same key', async () => {
    const made = world({ idempotent: true });
    respond = lose;
    const identity = testIdentity();
    expect(await send(made, identity, null)).toMatchObject({ kind: 'uncertain' });
    respond = (_request, response) => void response.writeHead(200).end();
    expect(await send(made, nextAttempt(identity), null)).toMatchObject({ kind: 'succeeded' });
    expect(received).toHaveLength(2);
    expect(new Set(received).size).toBe(1);
    expect(new Set(made.store.calls.map(({ intent }) => intent.idempotencyKey)).size).toBe(1);
  });
});
