import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Action, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import type { CallResult } from '../ports.ts';
import { nextAttempt, testIdentity } from '../testing/identities.ts';
import { manifestOf, NotesWorld, READ, WRITE } from '../testing/notes-world.ts';
import { fixedPolicy } from '../testing/test-gateway.ts';
import type { TestGateway } from '../testing/test-gateway.ts';
import { REDACTED } from './parameter-changes.ts';

let notes: NotesWorld;
beforeEach(() => { notes = new NotesWorld(); });
afterEach(() => notes.close());

type Answer = Pick<PolicyDecision, 'outcome'> & Partial<PolicyDecision>;
const HITL = { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000 };
const STEP_UP = { ...HITL, min_strength: 'link', max_sign_in_age_ms: 600_000 };

const isApproved = ({ approvals, action }: PolicyInput): boolean => approvals.some((approval) => approval.state === 'approved' && approval.action_digest === action.digest);

async function world(policy: (input: PolicyInput) => Answer, manifest: Partial<ActionManifest> = {}, code: { write?: Action } = {}): Promise<TestGateway> {
  const connector = notes.connector({ read: [manifestOf('read', manifest), READ], write: [manifestOf('write', manifest), code.write ?? WRITE] });
  return notes.gateway({ connectors: [connector], instances: [await notes.instance(connector, 'desk')], pdp: fixedPolicy(policy) });
}

const approvalOf = (result: CallResult): string => {
  expect(result.kind).toBe('waiting_for_approval');
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
};
const rulesOf = (result: CallResult): string[] => {
  expect(result.kind).toBe('denied');
  return (result as Extract<CallResult, { kind: 'denied' }>).reasons.map(({ rule }) => rule);
};
const bodies = (): JsonObject[] => notes.received.map(({ body }) => body);

describe('ALLOW with caps and redactions', () => {
  const obligations = { caps: { '/count': 10 }, redactions: ['/note', '/secret'] };

  test('sends what is left, planned and decided anew under its own digest, and says in the record what was taken', async () => {
    const { call, asked, store } = await world(() => ({ outcome: 'ALLOW', obligations }));
    expect(await call(testIdentity(), 'notes/read', { count: 50, note: 'Kim was here', secret: { pin: 1 }, kept: 'x' })).toMatchObject({ kind: 'succeeded' });
    const sent = { count: 10, note: REDACTED, kept: 'x' };
    expect(bodies()).toEqual([sent]);
    expect(asked.map(({ parameters }) => parameters)).toEqual([{ count: 50, note: 'Kim was here', secret: { pin: 1 }, kept: 'x' }, sent]);
    expect(asked[0]?.action.digest).not.toBe(asked[1]?.action.digest);
    expect(store.decisions).toMatchObject([{ outcome: 'ALLOW', obligations, adjusted: { capped: ['/count'], redacted: ['/note', '/secret'] }, actionDigest: asked[1]?.action.digest }]);
    expect(store.calls[0]?.intent).toMatchObject({ actionDigest: asked[1]?.action.digest, action: { parameters: sent } });
  });

  test('decides once where nothing has to be taken', async () => {
    const { call, asked, store } = await world(() => ({ outcome: 'ALLOW', obligations }));
    await call(testIdentity(), 'notes/read', { count: 10 });
    expect([asked.length, store.decisions[0]?.adjusted, bodies()]).toEqual([1, null, [{ count: 10 }]]);
  });

  test('a rule that is content with what it changed is', async () => {
    const { call } = await world(({ parameters }) => ({ outcome: 'ALLOW', obligations: Number(parameters['count']) > 10 ? { caps: { '/count': 10 } } : {} }));
    expect(await call(testIdentity(), 'notes/read', { count: 50 })).toMatchObject({ kind: 'succeeded' });
    expect(bodies()).toEqual([{ count: 10 }]);
  });

  test('a rule that is never content is a DENY, recorded, and nothing leaves', async () => {
    let limit = 50;
    const { call, store, asked } = await world(() => ({ outcome: 'ALLOW', obligations: { caps: { '/count': (limit -= 1) } } }));
    expect(rulesOf(await call(testIdentity(), 'notes/read', { count: 50 }))).toEqual(['test/rule', 'obligation_unsettled']);
    expect(store.decisions).toMatchObject([{ outcome: 'DENY', reasons: [{}, { rule: 'obligation_unsettled', message: expect.stringContaining('/count') }] }]);
    expect([asked.length, store.calls, bodies()]).toEqual([2, [], []]);
  });

  test('what an action makes by itself, out of reach of what was asked for, is a DENY', async () => {
    const write: Action = { ...WRITE, prepare: async (_context, parameters) => ({ parameters: { ...parameters, amount: 900 }, target: { id: 't', label: 'T', version: '1' }, preview: { title: 'W', fields: [], additions: [] } }) };
    const { call } = await world(() => ({ outcome: 'ALLOW', obligations: { caps: { '/amount': 10 } } }), {}, { write });
    expect(rulesOf(await call(testIdentity(), 'notes/write', { a: 1 }))).toContain('obligation_unsettled');
    expect(bodies()).toEqual([]);
  });

  test('what the manifest does not take without it is a DENY that says so, without the value', async () => {
    const parameters = { type: 'object', required: ['secret'], properties: { secret: { type: 'object' }, note: { type: 'string', pattern: '^K' } } };
    for (const [redactions, where] of [[['/secret'], 'secret'], [['/note'], '/note']] as const) {
      const { call, store } = await world(() => ({ outcome: 'ALLOW', obligations: { redactions } }), { parameters });
      expect(rulesOf(await call(testIdentity(), 'notes/read', { secret: { pin: 1 }, note: 'Kim' }))).toEqual(['test/rule', 'obligation_refused']);
      const message = store.decisions[0]?.reasons.at(-1)?.message ?? '';
      expect(message).toContain(where);
      expect(message).not.toContain('Kim');
    }
    expect(bodies()).toEqual([]);
  });

  test('a cap on what is no number is a DENY: nobody can say that it is small enough', async () => {
    const { call } = await world(() => ({ outcome: 'ALLOW', obligations: { caps: { '/count': 10 } } }));
    expect(rulesOf(await call(testIdentity(), 'notes/read', { count: '9999' }))).toEqual(['test/rule', 'cap_not_applicable']);
    expect(bodies()).toEqual([]);
  });

  test('free text that is bound by digest is redacted like any other', async () => {
    const { call, store } = await world(() => ({ outcome: 'ALLOW', obligations: { redactions: ['/note'] } }), { content_parameters: ['/note'], parameters: { type: 'object', properties: { note: { type: 'string' } } } });
    expect(await call(testIdentity(), 'notes/write', { note: 'Kim was here' })).toMatchObject({ kind: 'succeeded' });
    expect(bodies()).toMatchObject([{ note: REDACTED }]);
    expect(store.calls[0]?.intent.content).toEqual({ '/note': REDACTED });
  });

  test('one of the decisions saying no is a no', async () => {
    const { call } = await world(({ parameters }) => (parameters['count'] === 10 ? { outcome: 'DENY' } : { outcome: 'ALLOW', obligations: { caps: { '/count': 10 } } }));
    expect(rulesOf(await call(testIdentity(), 'notes/read', { count: 50 }))).toEqual(['test/rule']);
    expect(bodies()).toEqual([]);
  });
});

describe('people and what policy takes', () => {
  const capped = (input: PolicyInput): Answer => ({ outcome: isApproved(input) ? 'ALLOW' : 'REQUIRE_HITL', obligations: { ...HITL, caps: { '/count': 10 } } });

  test.each(['notes/write', 'notes/read'])('%s: they approve the capped action, and that is what runs', async (action) => {
    const { call, approve, store } = await world(capped);
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, action, { count: 50 }));
    expect(store.approvals()[0]?.request.action.parameters).toMatchObject({ count: 10 });
    expect(bodies()).toEqual([]);
    approve(approvalId);
    expect(await call(nextAttempt(identity), action, { count: 50 })).toMatchObject({ kind: 'succeeded' });
    expect(bodies()).toMatchObject([{ count: 10 }]);
    expect(store.approvals()).toMatchObject([{ state: 'consumed' }]);
  });

  test('a later policy that wants less does not run what was approved: it asks again', async () => {
    let limit = 100;
    const { call, approve, store } = await world((input) => ({ outcome: isApproved(input) ? 'ALLOW' : 'REQUIRE_HITL', obligations: { ...HITL, caps: { '/count': limit } } }));
    const identity = testIdentity();
    const first = approvalOf(await call(identity, 'notes/write', { count: 50 }));
    approve(first);
    limit = 10;
    const second = approvalOf(await call(nextAttempt(identity), 'notes/write', { count: 50 }));
    expect(second).not.toBe(first);
    expect(store.approvals().map(({ request: { action } }) => [action.parameters['count'], action.follows_approval])).toEqual([[50, undefined], [10, first]]);
    approve(second);
    expect(await call(nextAttempt(nextAttempt(identity)), 'notes/write', { count: 50 })).toMatchObject({ kind: 'succeeded' });
    expect(bodies()).toMatchObject([{ count: 10 }]);
  });

  test('one approval covers the next attempt, too, where the first had no effect', async () => {
    let broken = true;
    const write: Action = { ...WRITE, execute: async (context, parameters, plan) => {
      if (broken) throw new ConnectorError({ code: 'peer_unavailable', effect: 'none', retryable: true, message: 'not now' });
      return WRITE.execute(context, parameters, plan);
    } };
    const { call, approve, store } = await world(capped, {}, { write });
    const identity = testIdentity();
    approve(approvalOf(await call(identity, 'notes/write', { count: 50 })));
    expect(await call(nextAttempt(identity), 'notes/write', { count: 50 })).toMatchObject({ kind: 'failed', error: { code: 'peer_unavailable' } });
    broken = false;
    expect(await call(nextAttempt(nextAttempt(identity)), 'notes/write', { count: 50 })).toMatchObject({ kind: 'succeeded' });
    expect([store.approvals().length, bodies()]).toMatchObject([1, [{ count: 10 }]]);
  });
});

describe('REQUIRE_STEP_UP', () => {
  const strong = (input: PolicyInput): Answer => {
    const votes = input.approvals.flatMap((approval) => (approval.action_digest === input.action.digest && approval.state === 'approved' ? approval.votes : []));
    const fresh = votes.filter(({ auth_strength, sign_in_age_ms: age }) => auth_strength === 'link' && age !== null && age <= 600_000);
    return fresh.length > 0 ? { outcome: 'ALLOW' } : { outcome: 'REQUIRE_STEP_UP', obligations: STEP_UP };
  };
  const vote = (authStrength: string, signInAgeMs: number | null) => [{ principalId: 'prn_1', role: 'approver', decision: 'approve' as const, authStrength, signInAgeMs }];

  test('asks for people who have just signed in, tells policy how they had, and policy decides again', async () => {
    const { call, store, asked } = await world(strong);
    const identity = testIdentity();
    const approvalId = approvalOf(await call(identity, 'notes/write', { a: 1 }));
    expect(store.approvals()).toMatchObject([{ request: { signIn: { minStrength: 'link', maxAgeMs: 600_000 }, requiredVotes: 1, requiredRole: 'approver' } }]);
    store.decide(approvalId, 'approved', vote('link', 60_000));
    expect(await call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'succeeded' });
    expect(asked.at(-1)?.approvals[0]?.votes).toMatchObject([{ auth_strength: 'link', sign_in_age_ms: 60_000 }]);
  });

  test.each<[string, string, number | null]>([['weak', 'slack_linked', 1_000], ['old', 'link', 600_001], ['of unknown age', 'link', null]])('a vote whose sign-in is %s is not enough at execution: people are asked anew', async (_what, strength, age) => {
    const { call, store } = await world(strong);
    const identity = testIdentity();
    const first = approvalOf(await call(identity, 'notes/write', { a: 1 }));
    store.decide(first, 'approved', vote(strength, age));
    const second = approvalOf(await call(nextAttempt(identity), 'notes/write', { a: 1 }));
    expect(second).not.toBe(first);
    expect(bodies()).toEqual([]);
  });

  test.each([[{ ...STEP_UP, min_strength: 'retina' }, 'retina'], [HITL, 'no strength']])('a strength that nobody can have is a DENY', async (obligations, said) => {
    const { call, store } = await world(() => ({ outcome: 'REQUIRE_STEP_UP', obligations }));
    expect(rulesOf(await call(testIdentity(), 'notes/write', { a: 1 }))).toEqual(['test/rule', 'step_up_unknown']);
    expect(store.decisions[0]?.reasons.at(-1)?.message).toContain(said);
    expect(store.approvals()).toEqual([]);
  });

  test.each(['REQUIRE_HITL', 'REQUIRE_STEP_UP'] as const)('%s of what an action calls in its turn is a DENY: only a step waits for people', async (outcome) => {
    const connector = notes.connector({
      outer: [manifestOf('read'), { execute: async (context) => ({ output: await context.call('notes/read', { a: 1 }) }) }],
      read: [manifestOf('read'), READ],
    });
    const { call, store } = notes.gateway({ connectors: [connector], instances: [await notes.instance(connector, 'desk')], pdp: fixedPolicy(({ call: { within } }) => (within === undefined ? { outcome: 'ALLOW' } : { outcome, obligations: STEP_UP })) });
    expect(await call(testIdentity(), 'notes/outer', {})).toMatchObject({ kind: 'failed', error: { code: 'nested_call_denied', message: expect.stringContaining('people_not_available') } });
    expect(store.decisions.map(({ outcome: recorded }) => recorded)).toEqual(['ALLOW', 'DENY']);
  });
});

describe('THROTTLE', () => {
  test('is tried again after what policy says, recorded, and nothing leaves', async () => {
    const { call, store } = await world(() => ({ outcome: 'THROTTLE', obligations: { retry_after_ms: 20_000, rate: { count: 3, per_ms: 60_000 } } }));
    const result = await call(testIdentity(), 'notes/read', {});
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'policy_throttled', retryable: true, retryAfterMs: 20_000, message: expect.stringMatching(/3 per 60 s.*as the test says.*after 20 s/) } });
    expect([store.decisions.map(({ outcome }) => outcome), bodies()]).toEqual([['THROTTLE'], []]);
  });

  test.each([1, 999, undefined])('never at once, whatever policy says (%s ms)', async (retry_after_ms) => {
    const { call } = await world(() => ({ outcome: 'THROTTLE', obligations: retry_after_ms === undefined ? {} : { retry_after_ms } }));
    expect(await call(testIdentity(), 'notes/read', {})).toMatchObject({ error: { retryAfterMs: 1_000 } });
  });

  test('of what an action calls in its turn holds the action back, too', async () => {
    const connector = notes.connector({ outer: [manifestOf('read'), { execute: async (context) => ({ output: await context.call('notes/read', {}) }) }], read: [manifestOf('read'), READ] });
    const { call } = notes.gateway({ connectors: [connector], instances: [await notes.instance(connector, 'desk')], pdp: fixedPolicy(({ call: { within } }) => (within === undefined ? { outcome: 'ALLOW' } : { outcome: 'THROTTLE', obligations: { retry_after_ms: 7_000 } })) });
    expect(await call(testIdentity(), 'notes/outer', {})).toMatchObject({ kind: 'failed', error: { code: 'policy_throttled', retryable: true, retryAfterMs: 7_000 } });
  });
});

describe('what is recorded of a decision', () => {
  test('the input as it was read, and of it what may be kept', async () => {
    const { call, store } = await world(() => ({ outcome: 'ALLOW', keep: ['/category'] }), { parameters: { type: 'object', properties: { category: { type: 'string' }, note: { type: 'string' } } } });
    await call(testIdentity(), 'notes/read', { category: 'network', note: 'Kim was here' });
    const [decision] = store.decisions;
    expect(digestOfBytes(decision?.inputText ?? '')).toBe(decision?.inputDigest);
    expect(JSON.parse(decision?.inputText ?? '')).toMatchObject({ parameters: { category: 'network', note: 'Kim was here' } });
    expect(decision).toMatchObject({ path: 'countersign/decision', shadows: [], maskedInput: { parameters: { category: 'network' }, action: { name: 'read' } }, erased: ['/input/parameters/note'] });
    expect(JSON.stringify(decision?.maskedInput)).not.toContain('Kim');
  });

  test('with facts where the bundle read any, and nothing where the input had no form', async () => {
    const counters = { action: { minute: 1, hour: 2, day: 3 }, instance: { minute: 0, hour: 0, day: 0 }, workflow: { minute: 0, hour: 0, day: 0 } };
    const facts = await world(() => ({ outcome: 'ALLOW', facts: { counters } }));
    await facts.call(testIdentity(), 'notes/read', {});
    expect(facts.store.decisions[0]?.maskedInput).toMatchObject({ counters });
    const formless = await world(() => ({ outcome: 'DENY', input_text: undefined as unknown as string, reasons: [{ rule: 'input_invalid', message: 'no JSON' }] }));
    await formless.call(testIdentity(), 'notes/read', {});
    expect(formless.store.decisions).toMatchObject([{ inputText: 'null', maskedInput: null, erased: ['/input'] }]);
  });

  test('what people have set is told to policy as it is at that moment, in the tenant\'s time', async () => {
    const { call, asked, situation, facts } = await world(() => ({ outcome: 'ALLOW' }));
    situation.current = { time_zone: 'Pacific/Auckland', autonomy: 'observe', kill_switches: [{ id: 'ksw_1', scope: 'tenant', reason: 'moving' }] };
    await call(testIdentity(), 'notes/read', {});
    expect(asked[0]).toMatchObject({ run: { autonomy: 'observe' }, local_time: { zone: 'Pacific/Auckland' }, kill_switches: [{ id: 'ksw_1' }], action: { data_classes: [] } });
    expect(facts.asked).toEqual([]);
  });

  test('nothing is decided, and nothing leaves, while what people have set cannot be read', async () => {
    const { call, asked, situation } = await world(() => ({ outcome: 'ALLOW' }));
    situation.of = () => Promise.reject(new TypeError('the database is away'));
    await expect(call(testIdentity(), 'notes/read', {})).rejects.toThrow('the database is away');
    expect([asked, bodies()]).toEqual([[], []]);
  });
});
