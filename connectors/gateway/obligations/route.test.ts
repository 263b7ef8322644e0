import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { Action, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import type { CallResult, InstanceView } from '../ports.ts';
import { nextAttempt, testIdentity } from '../testing/identities.ts';
import { manifestOf, NotesWorld, READ, WRITE } from '../testing/notes-world.ts';
import { fixedPolicy } from '../testing/test-gateway.ts';
import type { TestGateway } from '../testing/test-gateway.ts';
import { REDACTED } from './parameter-changes.ts';

let notes: NotesWorld;
let written: Array<{ readonly instance: string; readonly parameters: JsonObject }>;
beforeEach(() => { notes = new NotesWorld(); written = []; });
afterEach(() => notes.close());

type Answer = Pick<PolicyDecision, 'outcome'> & Partial<PolicyDecision>;
const HITL = { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000 };
const isApproved = ({ approvals, action }: PolicyInput): boolean => approvals.some((approval) => approval.state === 'approved' && approval.action_digest === action.digest);
/** Sends what is meant for `desk` to `near`. */
const toNear = (there: (input: PolicyInput) => Answer) => (input: PolicyInput): Answer => (input.instance.name === 'desk' ? { outcome: 'ROUTE', obligations: { target: 'instance:near' } } : there(input));
const rulesOf = (result: CallResult): string[] => {
  expect(result.kind).toBe('denied');
  return (result as Extract<CallResult, { kind: 'denied' }>).reasons.map(({ rule }) => rule);
};
const approvalOf = (result: CallResult): string => {
  expect(result.kind).toBe('waiting_for_approval');
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
};
const reached = (): string[] => notes.received.map(({ instance, path }) => `${instance} ${path}`);
const DESK = { instanceName: 'desk' };

async function world(policy: (input: PolicyInput) => Answer, options: { manifest?: Partial<ActionManifest>; write?: Action; near?: Partial<InstanceView> } = {}): Promise<TestGateway> {
  const { manifest = {}, write = WRITE } = options;
  const connector = notes.connector({ read: [manifestOf('read'), READ], write: [manifestOf('write', manifest), write], generate: [manifestOf('model'), READ] });
  const instances = [await notes.instance(connector, 'desk'), { ...await notes.instance(connector, 'near'), ...options.near }];
  return notes.gateway({ connectors: [connector], instances, pdp: fixedPolicy(policy) });
}

describe('ROUTE to another instance', () => {
  test('a read is planned and decided again there, and policy is told where it came from', async () => {
    const { call, asked, store } = await world(toNear(() => ({ outcome: 'ALLOW' })));
    expect(await call(testIdentity(), 'notes/read', { a: 1 }, DESK)).toMatchObject({ kind: 'succeeded' });
    expect(reached()).toEqual(['near /read']);
    expect(asked.map(({ instance, routed_from }) => [instance.name, routed_from])).toEqual([['desk', undefined], ['near', { target: 'instance:desk', decision_id: store.decisions[0]?.id }]]);
    expect(asked[0]?.action.digest).not.toBe(asked[1]?.action.digest);
    expect(store.decisions).toMatchObject([{ outcome: 'ROUTE', instanceId: 'ins_desk', routedFrom: null }, { outcome: 'ALLOW', instanceId: 'ins_near', routedFrom: store.decisions[0]?.id }]);
    expect(store.calls.map(({ intent }) => intent.instanceId)).toEqual(['ins_near']);
  });

  test('a write is prepared afresh there, approved for there, and sent there alone', async () => {
    const { call, approve, store } = await world(toNear((input) => ({ outcome: isApproved(input) ? 'ALLOW' : 'REQUIRE_HITL', obligations: HITL })));
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, 'notes/write', { a: 1 }, DESK));
    expect(store.approvals()).toMatchObject([{ request: { action: { instance_id: 'ins_near' } } }]);
    approve(approvalId);
    expect(await call(nextAttempt(identity), 'notes/write', { a: 1 }, DESK)).toMatchObject({ kind: 'succeeded' });
    expect([reached(), store.approvals()]).toMatchObject([['near /write'], [{ state: 'consumed' }]]);
  });

  test('what was approved for one instance is not sent to another: it is asked for again, about that one', async () => {
    let routes = false;
    const people = (input: PolicyInput): Answer => ({ outcome: isApproved(input) ? 'ALLOW' : 'REQUIRE_HITL', obligations: HITL });
    const { call, approve, store } = await world((input) => (routes ? toNear(people)(input) : people(input)));
    const identity = testIdentity();
    approve(approvalOf(await call(identity, 'notes/write', { a: 1 }, DESK)));
    routes = true;
    approvalOf(await call(nextAttempt(identity), 'notes/write', { a: 1 }, DESK));
    expect(store.approvals().map(({ request }) => request.action.instance_id)).toEqual(['ins_desk', 'ins_near']);
    expect(reached()).toEqual([]);
  });

  test('a write of unknown outcome is looked for where it was sent, also when policy would not send it there any more', async () => {
    let routes = true;
    const write: Action = {
      ...WRITE,
      execute: async (context, parameters) => {
        written.push({ instance: context.instance.name, parameters });
        await context.egress.request({ method: 'POST', path: '/write', json: parameters });
        throw new ConnectorError({ code: 'peer_timeout', effect: 'unknown', retryable: true, message: 'no answer' });
      },
      reconcile: async (context) => {
        await context.egress.request({ method: 'GET', path: '/look' });
        return { happened: true, result: { output: { found: true } } };
      },
    };
    const { call } = await world((input) => (routes ? toNear(() => ({ outcome: 'ALLOW' }))(input) : { outcome: 'ALLOW' }), { write, manifest: { reconcile: true } });
    const identity = testIdentity();
    expect(await call(identity, 'notes/write', { a: 1 }, DESK)).toMatchObject({ kind: 'uncertain' });
    routes = false;
    expect(await call(nextAttempt(identity), 'notes/write', { a: 1 }, DESK)).toMatchObject({ kind: 'succeeded', output: { found: true } });
    expect([reached(), written.length]).toEqual([['near /write', 'near /look'], 1]);
  });

  test('and where that instance is gone it stays unknown, and is sent nowhere else', async () => {
    const write: Action = { ...WRITE, execute: () => Promise.reject(new ConnectorError({ code: 'peer_timeout', effect: 'unknown', retryable: true, message: 'no answer' })), reconcile: async () => ({ happened: false }) };
    const connector = notes.connector({ write: [manifestOf('write', { reconcile: true }), write] });
    const instances = [await notes.instance(connector, 'desk'), await notes.instance(connector, 'near')];
    const { call } = notes.gateway({ connectors: [connector], instances, pdp: fixedPolicy(toNear(() => ({ outcome: 'ALLOW' }))) });
    const identity = testIdentity();
    expect(await call(identity, 'notes/write', { a: 1 }, DESK)).toMatchObject({ kind: 'uncertain' });
    instances.pop();
    expect(await call(nextAttempt(identity), 'notes/write', { a: 1 }, DESK)).toMatchObject({ kind: 'uncertain', error: { message: expect.stringContaining('a person must look') } });
    expect(reached()).toEqual([]);
  });

  test('what that decision caps and redacts holds there', async () => {
    const { call, store } = await world((input) => (input.instance.name === 'desk' ? { outcome: 'ROUTE', obligations: { target: 'instance:near', caps: { '/count': 10 }, redactions: ['/note'] } } : { outcome: 'ALLOW' }));
    expect(await call(testIdentity(), 'notes/read', { count: 50, note: 'Kim' }, DESK)).toMatchObject({ kind: 'succeeded' });
    expect(notes.received).toMatchObject([{ instance: 'near', body: { count: 10, note: REDACTED } }]);
    expect(store.decisions).toMatchObject([{ outcome: 'ROUTE', adjusted: null }, { outcome: 'ALLOW', adjusted: { capped: ['/count'], redacted: ['/note'] } }]);
  });

  test('a second ROUTE, back or on, is a DENY `route_loop`', async () => {
    for (const target of ['instance:desk', 'instance:third', 'other/model']) {
      const { call, store } = await world(toNear(() => ({ outcome: 'ROUTE', obligations: { target } })));
      expect(rulesOf(await call(testIdentity(), 'notes/read', {}, DESK))).toEqual(['test/rule', 'route_loop']);
      expect(store.decisions.map(({ outcome }) => outcome)).toEqual(['ROUTE', 'DENY']);
    }
    expect(reached()).toEqual([]);
  });

  test('a ROUTE to where it is already is a DENY `route_loop`', async () => {
    const { call, asked } = await world(() => ({ outcome: 'ROUTE', obligations: { target: 'instance:desk' } }));
    expect(rulesOf(await call(testIdentity(), 'notes/read', {}, DESK))).toEqual(['test/rule', 'route_loop']);
    expect(asked).toHaveLength(1);
  });

  test('an instance that is not there is a DENY, one that is pinned to other code is not used', async () => {
    const missing = await world(() => ({ outcome: 'ROUTE', obligations: { target: 'instance:nowhere' } }));
    expect(rulesOf(await missing.call(testIdentity(), 'notes/read', {}, DESK))).toEqual(['test/rule', 'route_not_available']);
    const changed = await world(toNear(() => ({ outcome: 'ALLOW' })), { near: { manifestDigest: `sha256:${'0'.repeat(64)}` } });
    expect(await changed.call(testIdentity(), 'notes/read', {}, DESK)).toMatchObject({ kind: 'failed', error: { code: 'manifest_changed' } });
    expect(reached()).toEqual([]);
  });

  test('what an action reads in its turn stays with its instance', async () => {
    const connector = notes.connector({ outer: [manifestOf('read'), { execute: async (context) => ({ output: await context.call('notes/read', {}) }) }], read: [manifestOf('read'), READ] });
    const { call } = notes.gateway({ connectors: [connector], instances: [await notes.instance(connector, 'desk'), await notes.instance(connector, 'near')], pdp: fixedPolicy((input) => (input.call.within === undefined ? { outcome: 'ALLOW' } : { outcome: 'ROUTE', obligations: { target: 'instance:near' } })) });
    expect(await call(testIdentity(), 'notes/outer', {}, DESK)).toMatchObject({ kind: 'failed', error: { code: 'nested_call_denied', message: expect.stringContaining('route_not_available') } });
    expect(reached()).toEqual([]);
  });
});

describe('ROUTE to a model', () => {
  const use = { ...DESK, model: { use: 'notes/m', pinned: true } };

  test('is told to whoever asked, with what was decided; nothing leaves', async () => {
    const { call, store } = await world(() => ({ outcome: 'ROUTE', obligations: { target: 'other/model-2', redactions: ['/input'] } }));
    expect(await call(testIdentity(), 'notes/generate', { input: 'x' }, use)).toEqual({
      kind: 'routed', target: 'other/model-2', from: { target: 'notes/m', decisionId: store.decisions[0]?.id, obligations: { caps: {}, redactions: ['/input'] } },
    });
    expect([store.decisions.map(({ outcome }) => outcome), store.calls, reached()]).toEqual([['ROUTE'], [], []]);
  });

  test('holds what that decision redacts, and is sent on no further', async () => {
    const from = { target: 'notes/m', decisionId: 'dec_1', obligations: { redactions: ['/input'] } };
    const allowed = await world(() => ({ outcome: 'ALLOW' }));
    expect(await allowed.call(testIdentity(), 'notes/generate', { input: 'x' }, { ...use, routedFrom: from })).toMatchObject({ kind: 'succeeded' });
    expect([notes.received.map(({ body }) => body), allowed.asked[0]?.routed_from]).toEqual([[{ input: REDACTED }], { target: 'notes/m', decision_id: 'dec_1' }]);
    const on = await world(() => ({ outcome: 'ROUTE', obligations: { target: 'third/model' } }));
    expect(rulesOf(await on.call(testIdentity(), 'notes/generate', {}, { ...use, routedFrom: from }))).toEqual(['test/rule', 'route_loop']);
  });

  test.each<[string, string | undefined, string]>([
    ['the model that it is', 'notes/m', 'route_loop'], ['an agent pool, of which there are none yet', 'agent:eu', 'route_not_available'],
    ['nothing that is a target', 'elsewhere', 'route_target_invalid'], ['nowhere', undefined, 'route_target_invalid'],
  ])('to %s is a DENY', async (_what, target, rule) => {
    const { call, store } = await world(() => ({ outcome: 'ROUTE', obligations: target === undefined ? {} : { target } }));
    expect(rulesOf(await call(testIdentity(), 'notes/generate', {}, use))).toEqual(['test/rule', rule]);
    expect([store.decisions.map(({ outcome }) => outcome), reached()]).toEqual([['DENY'], []]);
  });

  test('of what asks no model is a DENY', async () => {
    const { call } = await world(() => ({ outcome: 'ROUTE', obligations: { target: 'other/model-2' } }));
    for (const action of ['notes/read', 'notes/write']) expect(rulesOf(await call(testIdentity(), action, {}, DESK))).toEqual(['test/rule', 'route_not_available']);
  });

  test('to another instance of the same connector goes as a read does', async () => {
    const { call } = await world(toNear(() => ({ outcome: 'ALLOW' })));
    expect(await call(testIdentity(), 'notes/generate', {}, use)).toMatchObject({ kind: 'succeeded' });
    expect(reached()).toEqual(['near /read']);
  });
});
