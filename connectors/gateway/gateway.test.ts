import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { Action, ActionContext, Connector, JsonObject, Prepared } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import type { CallResult, InstanceView } from './ports.ts';
import { StaleLeaseError } from './ports.ts';
import { nextAttempt, testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, seededPolicy, testGateway } from './testing/test-gateway.ts';
import type { TestGateway, TestGatewayOptions } from './testing/test-gateway.ts';

/** A peer that keeps what is written to it, over a real socket. */
let peer: Server;
let baseUrl: string;
let received: string[];
let respond: RequestListener;
let seeded: Pdp;
const open: TestGateway[] = [];

beforeAll(async () => {
  seeded = await seededPolicy();
  peer = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    respond(request, response);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  baseUrl = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await seeded.stop();
  peer.closeAllConnections();
  peer.close();
});
beforeEach(() => {
  received = [];
  respond = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"text":"hello","secret":"s3cret"}');
});
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

const OBJECT = { type: 'object', additionalProperties: true } as const;
const action = (risk: ActionManifest['risk'], changes: Partial<ActionManifest> = {}): ActionManifest => ({
  title: 'Do it', risk, reversible: true, idempotent: false, reconcile: false, parameters: OBJECT, output: OBJECT, output_labels: ['trusted_system'],
  sensitive_parameters: [], content_parameters: [], redact: [], timeout_ms: 5_000, ...changes,
});
const prepared = (parameters: JsonObject, version = '1'): Prepared => ({ parameters, target: { id: 't1', label: 'T1', version }, preview: { title: 'Write', fields: [], additions: [] } });
const read: Action = { execute: async (context) => ({ output: (await context.egress.request({ method: 'GET', path: '/read' })).json() as JsonObject }) };
const write: Action = {
  prepare: async (context, parameters) => prepared({ ...parameters, reference: context.referenceFor(parameters) }),
  execute: async (context, parameters) => {
    const response = await context.egress.request({ method: 'POST', path: '/write', json: parameters });
    if (response.status >= 400) throw new ConnectorError({ code: 'peer_refused', effect: response.status >= 500 ? 'unknown' : 'none', retryable: true, message: `refused with ${response.status}` });
    return { output: { written: true } };
  },
};

function connectorOf(actions: Record<string, [ActionManifest, Action]>): Connector {
  return {
    ...checkManifest({ name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'], actions: Object.fromEntries(Object.entries(actions).map(([name, [manifest]]) => [name, manifest])) }),
    actions: Object.fromEntries(Object.entries(actions).map(([name, [, code]]) => [name, code])),
  };
}

function world(actions: Record<string, [ActionManifest, Action]>, changes: Partial<TestGatewayOptions> & { instance?: Partial<InstanceView> } = {}): TestGateway {
  const connector = connectorOf(actions);
  const { instance, ...options } = changes;
  const made = testGateway({ connectors: [connector], instances: [instanceOf(connector, { baseUrl, allowedHosts: [new URL(baseUrl).host], ...instance })], pdp: seeded, ...options });
  open.push(made);
  return made;
}

const errorOf = (result: CallResult) => {
  expect(result.kind).toBe('failed');
  return (result as Extract<CallResult, { kind: 'failed' }>).error;
};
const approvalOf = (result: CallResult) => {
  expect(result.kind).toBe('waiting_for_approval');
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
};

describe('before anything is decided', () => {
  test.each([
    ['an unknown connector', 'nothing/x', {}, 'action_unknown'],
    ['an unknown action', 'notes/unknown', {}, 'action_unknown'],
    ['an inherited name', 'notes/toString', {}, 'action_unknown'],
    ['no slash', 'notes', {}, 'action_unknown'],
    ['parameters that do not fit', 'notes/read', { n: 'text' }, 'parameters_invalid'],
    ['parameters without a canonical form', 'notes/read', { text: '\ud800' }, 'parameters_invalid'],
  ])('%s is refused', async (_what, name, parameters, code) => {
    const { call, asked, store } = world({ read: [action('read', { parameters: { type: 'object', properties: { n: { type: 'integer' } } } }), read] });
    expect(errorOf(await call(testIdentity(), name, parameters))).toMatchObject({ code, retryable: false });
    expect([asked, store.calls, received]).toEqual([[], [], []]);
  });

  test('an instance that is missing, or pinned to another manifest, is not used', async () => {
    const missing = world({ read: [action('read'), read] }, { instances: [] });
    expect(errorOf(await missing.call(testIdentity(), 'notes/read', {})).code).toBe('instance_missing');
    const changed = world({ read: [action('read'), read] }, { instance: { manifestDigest: `sha256:${'0'.repeat(64)}` } });
    expect(errorOf(await changed.call(testIdentity(), 'notes/read', {})).code).toBe('manifest_changed');
    expect(received).toEqual([]);
  });
});

describe('policy', () => {
  test('decides every call, and is told everything that the digest holds', async () => {
    const { call, asked, store } = world({ read: [action('read', { sensitive_parameters: [] }), read] });
    const identity = testIdentity();
    expect(await call(identity, 'notes/read', { a: 1 })).toMatchObject({ kind: 'succeeded', output: { text: 'hello' }, outputLabels: ['trusted_system'] });
    expect(asked).toMatchObject([{ action: { connector: 'notes', name: 'read', risk: 'read', digest: store.calls[0]?.intent.actionDigest }, parameters: { a: 1 }, labels: { '/a': ['trusted_system'] }, instance: { name: 'notes' }, approvals: [] }]);
    expect(store.decisions).toMatchObject([{ outcome: 'ALLOW', bundle: { revision: 'base-itsm@test' } }]);
  });

  test('DENY ends the call, recorded, and nothing leaves', async () => {
    const { call, store } = world({ read: [action('read'), read] }, { pdp: fixedPolicy(() => ({ outcome: 'DENY' })) });
    expect(await call(testIdentity(), 'notes/read', {})).toMatchObject({ kind: 'denied', reasons: [{ rule: 'test/rule' }] });
    expect(store.decisions).toMatchObject([{ outcome: 'DENY', reasons: [{ rule: 'test/rule' }] }]);
    expect([store.calls, received]).toEqual([[], []]);
  });

  test('is asked again at execution: what was approved and is forbidden by then does not run', async () => {
    let forbidden = false;
    const pdp = { decide: async (input: Parameters<Pdp['decide']>[0]) => (forbidden ? fixedPolicy(() => ({ outcome: 'DENY' })).decide(input) : seeded.decide(input)) };
    const { call, approve } = world({ write: [action('write'), write] }, { pdp });
    const identity = testIdentity();
    approve(approvalOf(await call(identity, 'notes/write', { a: 1 })));
    forbidden = true;
    expect(await call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'denied' });
    expect(received).toEqual([]);
  });

  test('a read that policy wants people to see waits for them and then runs', async () => {
    const pdp = fixedPolicy((input) => ({ outcome: input.approvals.some((approval) => approval.state === 'approved' && approval.action_digest === input.action.digest) ? 'ALLOW' : 'REQUIRE_HITL' }));
    const { call, approve } = world({ read: [action('read'), read] }, { pdp });
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, 'notes/read', { a: 1 }));
    expect(approvalOf(await call(identity, 'notes/read', { a: 1 }))).toBe(approvalId);
    approve(approvalId);
    expect(await call(nextAttempt(identity), 'notes/read', { a: 1 })).toMatchObject({ kind: 'succeeded' });
    // Used up, and for these parameters only.
    expect(approvalOf(await call(nextAttempt(identity), 'notes/read', { a: 1 }))).not.toBe(approvalId);
  });
});

describe('approvals', () => {
  test('what runs is what was approved, whatever the parameters are by then', async () => {
    const { call, approve, store } = world({ write: [action('write'), write] });
    const identity = testIdentity();
    approve(approvalOf(await call(identity, 'notes/write', { a: 1 })));
    expect(await call(nextAttempt(identity), 'notes/write', { a: 2 })).toMatchObject({ kind: 'succeeded' });
    expect(store.calls[0]?.intent.action.parameters).toMatchObject({ a: 1 });
  });

  test('while people think the call waits, and what they refuse does not run', async () => {
    const { call, store } = world({ write: [action('write'), write] });
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, 'notes/write', {}));
    expect(approvalOf(await call(nextAttempt(identity), 'notes/write', {}))).toBe(approvalId);
    store.decide(approvalId, 'rejected');
    expect(await call(nextAttempt(identity), 'notes/write', {})).toEqual({ kind: 'refused_by_person', approvalId, state: 'rejected' });
    expect(received).toEqual([]);
  });

  test('an approved action whose bytes were changed is not executed', async () => {
    for (const change of [(text: string) => text.replace('"a":1', '"a":9'), (text: string) => `${text} `]) {
      const { call, approve, store } = world({ write: [action('write'), write] });
      const identity = testIdentity();
      approve(approvalOf(await call(identity, 'notes/write', { a: 1 })));
      const found = store.findApproval.bind(store);
      store.findApproval = async (asked) => {
        const approval = await found(asked);
        return approval === null ? null : { ...approval, actionText: change(approval.actionText) };
      };
      expect(errorOf(await call(nextAttempt(identity), 'notes/write', { a: 1 }))).toMatchObject({ code: 'approved_action_damaged', retryable: false });
    }
    expect(received).toEqual([]);
  });

  test('free text is bound by its digest: another text than the approved one is not sent', async () => {
    const manifest = action('write', { content_parameters: ['/words'], parameters: { type: 'object', properties: { words: { type: 'string' } } } });
    const { call, approve, store } = world({ write: [manifest, write] });
    const identity = testIdentity();
    approve(approvalOf(await call(identity, 'notes/write', { words: 'as approved' })));
    expect(store.approvals()[0]?.request.action.parameters).toMatchObject({ words: { length: 11 } });
    const found = store.findApproval.bind(store);
    store.findApproval = async (asked) => {
      const approval = await found(asked);
      return approval === null ? null : { ...approval, content: { '/words': 'something else' } };
    };
    expect(errorOf(await call(nextAttempt(identity), 'notes/write', { words: 'as approved' })).code).toBe('parameters_invalid');
    expect(received).toEqual([]);
    store.findApproval = found;
    expect(await call(nextAttempt(identity), 'notes/write', { words: 'as approved' })).toMatchObject({ kind: 'succeeded' });
  });

  test('an approval that is withdrawn at the last moment stops the write', async () => {
    const { call, approve, store } = world({ write: [action('write'), write] });
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, 'notes/write', {}));
    approve(approvalId);
    const found = store.findApproval.bind(store);
    store.findApproval = async (asked) => {
      const approval = await found(asked);
      store.decide(approvalId, 'withdrawn');
      return approval;
    };
    expect(errorOf(await call(nextAttempt(identity), 'notes/write', {}))).toMatchObject({ code: 'approval_not_usable', retryable: true });
    store.findApproval = found;
    expect(await call(nextAttempt(identity), 'notes/write', {})).toMatchObject({ kind: 'refused_by_person', state: 'withdrawn' });
    expect(received).toEqual([]);
  });

  test('policy that wants more people by then asks them, about a new action', async () => {
    let needed = 1;
    const pdp = fixedPolicy((input) => {
      const votes = input.approvals.flatMap((approval) => (approval.state === 'approved' && approval.action_digest === input.action.digest ? approval.votes : []));
      return votes.length >= needed ? { outcome: 'ALLOW' } : { outcome: 'REQUIRE_HITL', obligations: { tier: 'standard', required_role: 'approver', required_votes: needed, deadline_ms: 60_000 } };
    });
    const { call, approve, store } = world({ write: [action('write'), write] }, { pdp });
    const identity = testIdentity();
    const first = approvalOf(await call(identity, 'notes/write', { a: 1 }));
    approve(first);
    needed = 2;
    const second = approvalOf(await call(nextAttempt(identity), 'notes/write', { a: 1 }));
    expect(second).not.toBe(first);
    expect(store.approvals().map(({ request }) => request.action.follows_approval)).toEqual([undefined, first]);
    expect(received).toEqual([]);
  });
});

describe('effects', () => {
  const attempt = async ({ call, approve }: TestGateway, identity = testIdentity(), parameters: JsonObject = {}) => {
    approve(approvalOf(await call(identity, 'notes/write', parameters)));
    return call(nextAttempt(identity), 'notes/write', parameters);
  };

  test('the intent is committed before anything leaves, the outcome after', async () => {
    const made = world({ write: [action('write'), write] });
    const states: unknown[] = [];
    respond = (_request, response) => {
      states.push(made.store.calls.map(({ state }) => state));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    };
    expect(await attempt(made)).toMatchObject({ kind: 'succeeded' });
    expect(states).toEqual([['intended']]);
    expect(made.store.calls).toMatchObject([{ state: 'succeeded' }]);
  });

  test('nothing leaves when the intent cannot be committed', async () => {
    const made = world({ write: [action('write'), write], read: [action('read'), read] });
    made.store.commitIntent = async (call) => {
      throw new StaleLeaseError(call.step.id, call.step.fence);
    };
    await expect(made.call(testIdentity(), 'notes/read', {})).rejects.toThrow(StaleLeaseError);
    await expect(attempt(made)).rejects.toThrow(StaleLeaseError);
    expect(received).toEqual([]);
  });

  test.each([
    ['a refusal', 400, 'failed'], ['a failure of the peer', 500, 'uncertain'],
  ])('%s (%i) is %s', async (_what, status, kind) => {
    respond = (_request, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    expect(await attempt(world({ write: [action('write'), write] }))).toMatchObject({ kind });
  });

  test('a bug after the intent of a write is uncertain, never success or failure', async () => {
    const made = world({ write: [action('write'), { ...write, execute: async () => { throw new TypeError('x is undefined'); } }] });
    expect(await attempt(made)).toMatchObject({ kind: 'uncertain', error: { code: 'internal' } });
    expect(made.store.calls).toMatchObject([{ state: 'uncertain' }]);
    expect(made.errors).toHaveLength(1);
  });

  test('an error that claims no effect is not believed after a changing request was answered', async () => {
    const lying: Action = { ...write, execute: async (context, parameters) => {
      await context.egress.request({ method: 'POST', path: '/write', json: parameters });
      throw new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: false, message: 'says that nothing happened' });
    } };
    expect(await attempt(world({ write: [action('write'), lying] }))).toMatchObject({ kind: 'uncertain' });
  });

  test('an output that breaks the manifest is uncertain for a write and failed for a read', async () => {
    const strict = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };
    expect(await attempt(world({ write: [action('write', { output: strict }), write] }))).toMatchObject({ kind: 'uncertain', error: { code: 'response_invalid' } });
    expect(errorOf(await world({ read: [action('read', { output: strict }), read] }).call(testIdentity(), 'notes/read', {}))).toMatchObject({ code: 'response_invalid', retryable: false });
  });

  test('what cannot be looked up and is not idempotent stays uncertain; what is idempotent is sent again', async () => {
    const cut: RequestListener = (request) => void request.socket.destroy();
    for (const [idempotent, kinds, sent] of [[false, ['uncertain', 'uncertain'], 1], [true, ['uncertain', 'succeeded'], 2]] as const) {
      received = [];
      const made = world({ write: [action('write', { idempotent }), write] });
      const fine = respond;
      respond = cut;
      const identity = testIdentity();
      const first = await attempt(made, identity);
      respond = fine;
      const second = await made.call(nextAttempt(nextAttempt(identity)), 'notes/write', {});
      expect([first.kind, second.kind]).toEqual(kinds);
      expect(received).toHaveLength(sent);
    }
  });

  test.each([
    ['happened', { happened: true, result: { output: { found: true } } }, 'succeeded', 1],
    ['did not happen', { happened: false }, 'succeeded', 2],
    ['cannot be told', { happened: 'unknown', why: 'nobody knows' }, 'uncertain', 1],
  ] as const)('a lost answer is looked up: it %s', async (_what, found, kind, sent) => {
    let lookedUp: JsonObject | null = null;
    const made = world({ write: [action('write', { reconcile: true }), { ...write, reconcile: async (_context, parameters) => { lookedUp = parameters; return found; } }] });
    const fine = respond;
    respond = (request) => void request.socket.destroy();
    const identity = testIdentity();
    expect(await attempt(made, identity, { a: 1 })).toMatchObject({ kind: 'uncertain', error: { code: 'peer_connection_lost' } });
    respond = fine;
    made.later(60_000);
    expect(await made.call(nextAttempt(nextAttempt(identity)), 'notes/write', { a: 1 })).toMatchObject({ kind });
    expect(lookedUp).toMatchObject({ a: 1, reference: expect.stringMatching(/^run_\d+\/[0-9a-f]{12}$/) });
    expect(received).toHaveLength(sent);
    expect(made.store.approvals()).toHaveLength(1);
  });

  test('what is not there yet may still arrive: it is not sent again before the action\'s time is over', async () => {
    const made = world({ write: [action('write', { reconcile: true, timeout_ms: 5_000 }), { ...write, reconcile: async () => ({ happened: false }) }] });
    const fine = respond;
    respond = (request) => void request.socket.destroy();
    const identity = testIdentity();
    await attempt(made, identity, { a: 1 });
    respond = fine;
    made.later(3_000);
    const early = await made.call(nextAttempt(nextAttempt(identity)), 'notes/write', { a: 1 });
    expect(early).toMatchObject({ kind: 'uncertain', error: { code: 'outcome_unknown', retryable: true } });
    expect(early.kind === 'uncertain' ? early.error.retryAfterMs : 0).toBeGreaterThan(1_000);
    expect(received).toHaveLength(1);
    made.later(3_000);
    expect(await made.call(nextAttempt(nextAttempt(nextAttempt(identity))), 'notes/write', { a: 1 })).toMatchObject({ kind: 'succeeded' });
    expect(received).toHaveLength(2);
  });

  test('a failure that can be tried again does not ask people again, and its effect is one', async () => {
    const made = world({ write: [action('write'), write] });
    const identity = testIdentity();
    respond = (_request, response) => void response.writeHead(429, { 'content-type': 'application/json' }).end('{}');
    expect(await attempt(made, identity)).toMatchObject({ kind: 'failed', error: { retryable: true } });
    expect(await made.call(nextAttempt(identity), 'notes/write', {})).toMatchObject({ kind: 'failed', error: { code: 'instance_rate_limited' } });
    made.later(1_000);
    respond = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    expect(await made.call(nextAttempt(identity), 'notes/write', {})).toMatchObject({ kind: 'succeeded' });
    expect(await made.call(nextAttempt(identity), 'notes/write', {})).toMatchObject({ kind: 'succeeded' });
    expect(made.store.calls.map(({ state }) => state)).toEqual(['failed', 'succeeded']);
    expect(new Set(made.store.calls.map(({ intent }) => intent.idempotencyKey)).size).toBe(1);
  });

  test('a peer that cannot be reached has seen nothing: no new approval, and the same effect later', async () => {
    const closed = createServer();
    closed.listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const made = world({ write: [action('write'), write] }, { instance: { baseUrl: `http://127.0.0.1:${port}`, allowedHosts: [`127.0.0.1:${port}`] } });
    const identity = testIdentity();
    expect(await attempt(made, identity)).toMatchObject({ kind: 'failed', error: { code: 'peer_unavailable', retryable: true } });
    closed.on('request', (request, response) => respond(request, response));
    closed.listen(port, '127.0.0.1');
    await once(closed, 'listening');
    expect(await made.call(nextAttempt(identity), 'notes/write', {})).toMatchObject({ kind: 'succeeded' });
    expect(made.store.approvals()).toHaveLength(1);
    closed.closeAllConnections();
    closed.close();
  });

  test('a worker that is stopping sends nothing more', async () => {
    const made = world({ write: [action('write'), write] });
    const identity = testIdentity();
    made.approve(approvalOf(await made.call(identity, 'notes/write', {})));
    expect(errorOf(await made.call(nextAttempt(identity), 'notes/write', {}, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'call_aborted', retryable: true });
    expect([made.store.calls, received]).toEqual([[], []]);
  });

  test('what the manifest redacts stays inside', async () => {
    const made = world({ read: [action('read', { redact: ['/secret'] }), read] });
    const result = await made.call(testIdentity(), 'notes/read', {});
    expect(result).toMatchObject({ kind: 'succeeded', output: { text: 'hello' } });
    expect(JSON.stringify([result, made.store.calls])).not.toContain('s3cret');
  });

  test('an action that takes too long is cut', async () => {
    respond = () => {};
    const made = world({ read: [action('read', { timeout_ms: 150 }), read], write: [action('write', { timeout_ms: 150 }), write] });
    expect(errorOf(await made.call(testIdentity(), 'notes/read', {}))).toMatchObject({ code: 'call_aborted', retryable: true });
    expect(await attempt(made)).toMatchObject({ kind: 'uncertain', error: { code: 'call_aborted' } });
  });
});

describe('nested calls', () => {
  const calling = (nested: (context: ActionContext) => Promise<JsonObject>): [ActionManifest, Action] => [action('read'), { execute: async (context) => ({ output: await nested(context) }) }];

  test('have their own decision and record, under keys that depend only on their order', async () => {
    const made = world({ read: [action('read'), read], outer: calling(async (context) => {
      await Promise.all([context.call('notes/read', { a: 1 }), context.call('notes/read', { a: 2 })]);
      return {};
    }) }, { pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
    expect(await made.call(testIdentity(), 'notes/outer', { q: 1 }, { labels: { '/q': ['ticket_text'] } })).toMatchObject({ kind: 'succeeded' });
    expect(made.store.calls.map(({ identity, intent }) => [identity.callKey, intent.action.parameters])).toEqual([['main', { q: 1 }], ['main/notes/read#1', { a: 1 }], ['main/notes/read#2', { a: 2 }]]);
    expect(made.asked.map(({ labels }) => labels)).toEqual([{ '/q': ['ticket_text'] }, { '/a': ['ticket_text'] }, { '/a': ['ticket_text'] }]);
  });

  test('have all ended when the call has, also those that nobody waits for any more', async () => {
    // The first answer comes when both have asked, the second never: the failure of one must end the other.
    const answers: Array<() => void> = [];
    respond = (_request, response) => {
      answers.push(() => void response.writeHead(200, { 'content-type': 'text/html' }).end('no JSON'));
      if (answers.length === 2) answers[0]?.();
    };
    const made = world({ read: [action('read'), read], outer: calling(async (context) => {
      await Promise.all([context.call('notes/read', { a: 1 }), context.call('notes/read', { a: 2 })]);
      return {};
    }) });
    expect(errorOf(await made.call(testIdentity(), 'notes/outer', {})).code).toBe('response_not_json');
    expect(made.store.calls.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
  });

  test('cannot write', async () => {
    const made = world({ write: [action('write'), write], outer: calling((context) => context.call('notes/write', {})) });
    expect(errorOf(await made.call(testIdentity(), 'notes/outer', {}))).toMatchObject({ code: 'nested_call_failed', message: expect.stringContaining('step of its own') });
    expect(received).toEqual([]);
  });

  test('that are denied, or need a person, fail the call that made them', async () => {
    for (const outcome of ['DENY', 'REQUIRE_HITL'] as const) {
      const made = world({ read: [action('read'), read], outer: calling((context) => context.call('notes/read', {})) }, { pdp: fixedPolicy((input) => ({ outcome: input.action.name === 'outer' ? 'ALLOW' : outcome })) });
      expect(errorOf(await made.call(testIdentity(), 'notes/outer', {}))).toMatchObject({ code: 'nested_call_denied', retryable: false });
      expect([made.store.approvals(), received]).toEqual([[], []]);
    }
  });

  test('a lost lease stops everything, even where the connector catches it', async () => {
    const made = world({ read: [action('read'), read], outer: calling(async (context) => {
      await context.call('notes/read', {}).catch(() => {});
      return {};
    }) });
    const commit = made.store.commitIntent.bind(made.store);
    made.store.commitIntent = async (call, ...rest) => {
      if (call.callKey !== 'main') throw new StaleLeaseError(call.step.id, call.step.fence);
      return commit(call, ...rest);
    };
    await expect(made.call(testIdentity(), 'notes/outer', {})).rejects.toThrow(StaleLeaseError);
  });
});
