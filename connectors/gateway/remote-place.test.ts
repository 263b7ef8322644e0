import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { Action, Connector } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { CallResult, InstanceView } from './ports.ts';
import { nextAttempt, testIdentity } from './testing/identities.ts';
import { inProcessAgent } from './testing/in-process-agent.ts';
import type { Way } from './testing/in-process-agent.ts';
import { manifestOf, NotesWorld, READ, WRITE } from './testing/notes-world.ts';
import { fixedPolicy, instanceOf } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

let notes: NotesWorld;
beforeEach(() => { notes = new NotesWorld(); });
afterEach(() => notes.close());

type Answer = Pick<PolicyDecision, 'outcome'> & Partial<PolicyDecision>;
type Rule = (input: PolicyInput) => Answer;
const ALLOW: Rule = () => ({ outcome: 'ALLOW' });
const HITL = { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000 };
const isApproved = ({ approvals, action }: PolicyInput): boolean => approvals.some((approval) => approval.state === 'approved' && approval.action_digest === action.digest);
const PEOPLE: Rule = (input) => (input.action.risk !== 'write' || isApproved(input) ? { outcome: 'ALLOW' } : { outcome: 'REQUIRE_HITL', obligations: HITL });
const POOL = { id: 'apl_1', name: 'onprem', orderValidMs: 60_000 };
const reached = (): string[] => notes.received.map(({ instance, path }) => `${instance} ${path}`);
const approvalOf = (result: CallResult): string => {
  expect(result.kind).toBe('waiting_for_approval');
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
};

interface World { readonly cell: TestGateway; readonly agent: TestGateway; readonly way: Way; readonly asked: string[] }
interface Given { readonly cell?: Rule; readonly agent?: Rule; readonly write?: Action; readonly read?: Action; readonly manifest?: Partial<ActionManifest>; readonly reads?: Partial<ActionManifest>; readonly near?: Partial<InstanceView>; readonly beside?: Connector }

/** A cell with an instance that only an agent reaches, and with one of the same connector that it reaches itself. */
async function world({ cell: policy = PEOPLE, agent: there = PEOPLE, write = WRITE, read = READ, manifest = {}, reads = {}, near, beside }: Given = {}): Promise<World> {
  const connector = notes.connector({ read: [manifestOf('read', reads), read], write: [manifestOf('write', manifest), write] });
  const desk = await notes.instance(connector, 'desk');
  const others = near === undefined ? [] : [{ ...await notes.instance(connector, 'near'), ...near }];
  const agent = notes.gateway({ connectors: [connector], instances: [desk], pdp: fixedPolicy(there) });
  const { remote, way, asked } = inProcessAgent(agent, () => cell);
  const cell: TestGateway = notes.gateway({
    connectors: [connector, ...(beside === undefined ? [] : [beside])],
    instances: [{ ...desk, baseUrl: null, allowedHosts: [], pool: POOL }, ...others, ...(beside === undefined ? [] : [instanceOf(beside)])], pdp: fixedPolicy(policy), remote,
  });
  return { cell, agent, way, asked };
}

describe('an instance that only agents reach', () => {
  test('a read is decided and recorded in the cell, and decided again and carried out there', async () => {
    const { cell, agent, asked } = await world();
    expect(await cell.call(testIdentity(), 'notes/read', { a: 1 })).toMatchObject({ kind: 'succeeded', output: { text: 'hello' } });
    expect([reached(), asked, cell.store.calls.map(({ state }) => state)]).toEqual([['desk /read'], ['perform'], ['succeeded']]);
    expect(agent.asked[0]?.action.digest).toBe(cell.asked[0]?.action.digest);
  });

  test('both are asked the same: only the time differs', async () => {
    const { cell, agent } = await world();
    const identity = testIdentity();
    cell.approve(approvalOf(await cell.call(identity, 'notes/write', { a: 1 })));
    await cell.call(nextAttempt(identity), 'notes/write', { a: 1 });
    const { time: _one, local_time: _its, ...here } = cell.asked.at(-1)!;
    const { time: _other, local_time: _too, ...there } = agent.asked.at(-1)!;
    expect(there).toEqual(here);
  });

  test('a write is prepared there, countersigned here, and what people saw is sent there, once', async () => {
    const { cell, asked } = await world();
    const identity = testIdentity();
    const approvalId = approvalOf(await cell.call(identity, 'notes/write', { a: 1 }));
    expect([reached(), asked]).toEqual([[], ['prepare']]);
    cell.approve(approvalId);
    expect(await cell.call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'succeeded', output: { written: true } });
    expect([notes.received.map(({ body }) => body), asked]).toEqual([[cell.store.approvals()[0]?.request.action.parameters], ['prepare', 'perform']]);
    expect(cell.store.approvals()).toMatchObject([{ state: 'consumed' }]);
  });

  test('what an action here reads there is read as part of it, which policy there is told', async () => {
    const relay: Action = { execute: async (context) => ({ output: await context.call('notes/read', { a: 1 }, { instance: 'desk' }) }) };
    const local = notes.connector({ relay: [manifestOf('read'), relay] }, 'local');
    const { cell, agent } = await world({ beside: local });
    expect(await cell.call(testIdentity(), 'local/relay', {})).toMatchObject({ kind: 'succeeded', output: { text: 'hello' } });
    expect(reached()).toEqual(['desk /read']);
    expect(agent.asked.map(({ call }) => call)).toEqual(cell.asked.filter(({ instance }) => instance.name === 'desk').map(({ call }) => call));
    expect(agent.asked[0]?.call.within).toMatchObject({ action: 'local/relay', decided: true });
  });

  test('what the policy there denies is not sent, whatever the cell has allowed', async () => {
    const { cell } = await world({ agent: () => ({ outcome: 'DENY' }) });
    expect(await cell.call(testIdentity(), 'notes/read', { a: 1 })).toMatchObject({ kind: 'failed', error: { code: 'agent_refused' } });
    expect([reached(), cell.store.calls.map(({ state }) => state)]).toEqual([[], ['failed']]);
  });

  test.each<[string, Answer]>([
    ['caps', { outcome: 'ALLOW', obligations: { caps: { '/a': 0 } } }],
    ['redacts', { outcome: 'ALLOW', obligations: { redactions: ['/a'] } }],
    ['sends elsewhere', { outcome: 'ROUTE', obligations: { target: 'instance:near' } }],
    ['wants people for', { outcome: 'REQUIRE_HITL', obligations: HITL }],
    ['holds back', { outcome: 'THROTTLE' }],
  ])('what the policy there %s is denied there: the action is fixed', async (_what, answer) => {
    const { cell } = await world({ agent: () => answer });
    expect(await cell.call(testIdentity(), 'notes/read', { a: 1 })).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('policy_denied_here') as string } });
    expect(reached()).toEqual([]);
  });

  test('where nobody can be asked, nothing is decided, prepared or asked of people', async () => {
    const { cell, way, asked } = await world();
    way.unreached = { code: 'agent_unavailable', message: 'No agent of onprem is there.', retryable: true };
    expect(await cell.call(testIdentity(), 'notes/write', { a: 1 })).toMatchObject({ kind: 'failed', error: { code: 'agent_unavailable' } });
    expect([asked, cell.asked, cell.store.decisions]).toEqual([[], [], []]);
  });

  test('what the manifest redacts is gone before it comes here, and is not missed', async () => {
    const output = { type: 'object', required: ['text', 'owner'], properties: { text: { type: 'string' }, owner: { type: 'string' } } } as const;
    const read: Action = { execute: async () => ({ output: { text: 'hello', owner: 'somebody' } }) };
    const { cell } = await world({ read, reads: { output, redact: ['/owner'] } });
    expect(await cell.call(testIdentity(), 'notes/read', {})).toMatchObject({ kind: 'succeeded', output: { text: 'hello' } });
    const { cell: wanting } = await world({ read: { execute: async () => ({ output: { owner: 'somebody' } }) }, reads: { output, redact: ['/owner'] } });
    expect(await wanting.call(testIdentity(), 'notes/read', {})).toMatchObject({ kind: 'failed', error: { code: 'response_invalid' } });
  });

  test('hidden characters that were taken out there are counted here', async () => {
    const read: Action = { execute: async () => ({ output: { text: 'he\u200bl\u200blo' } }) };
    const { cell } = await world({ read, reads: { output_labels: ['ticket_text'] } });
    const result = await cell.call(testIdentity(), 'notes/read', {});
    expect(result).toMatchObject({ kind: 'succeeded', output: { text: 'hello' }, outputLabels: expect.arrayContaining(['hidden_characters']) as string[] });
    expect(cell.store.calls[0]?.outcome).toMatchObject({ hidden: { zero_width: 2 } });
  });
});

describe('an answer that is lost', () => {
  test('leaves the write uncertain; what is told of it later settles it, and nothing is sent again', async () => {
    const { cell, way, asked } = await world({ cell: ALLOW, agent: ALLOW, manifest: { reconcile: true }, write: { ...WRITE, reconcile: async () => ({ happened: false }) } });
    const identity = testIdentity();
    way.loseAnswer = true;
    expect(await cell.call(identity, 'notes/write', { a: 1 })).toMatchObject({ kind: 'uncertain', error: { code: 'agent_not_reached' } });
    way.loseAnswer = false;
    expect(await cell.call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'succeeded', output: { written: true } });
    expect([reached(), asked]).toEqual([['desk /write'], ['prepare', 'perform']]);
  });

  test('that nothing is there proves nothing while the order may still begin', async () => {
    const { cell, way, asked } = await world({ cell: ALLOW, agent: ALLOW, manifest: { reconcile: true }, write: { ...WRITE, reconcile: async () => ({ happened: false }) } });
    const identity = testIdentity();
    way.loseAnswer = true;
    await cell.call(identity, 'notes/write', { a: 1 });
    cell.later(POOL.orderValidMs);
    expect(await cell.call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'uncertain', error: { code: 'outcome_unknown' } });
    expect([reached(), asked]).toEqual([['desk /write'], ['prepare', 'perform', 'reconcile']]);
    cell.later(POOL.orderValidMs);
    way.loseAnswer = false;
    await cell.call(nextAttempt(nextAttempt(identity)), 'notes/write', { a: 1 });
    expect(asked.filter((what) => what === 'perform')).toHaveLength(1);
  });

  test('what it is told did not happen may be tried again at once, for the reason that is given', async () => {
    let fails = true;
    const refusing: Action = { ...WRITE, execute: async (context, parameters, prepared) => {
      if (fails) throw new ConnectorError({ code: 'peer_refused', effect: 'none', retryable: true, message: 'Not now.' });
      return WRITE.execute(context, parameters, prepared);
    } };
    const { cell, way } = await world({ cell: ALLOW, agent: ALLOW, write: refusing });
    const identity = testIdentity();
    way.loseAnswer = true;
    await cell.call(identity, 'notes/write', { a: 1 });
    way.loseAnswer = false;
    fails = false;
    expect(await cell.call(nextAttempt(identity), 'notes/write', { a: 1 })).toMatchObject({ kind: 'succeeded' });
    expect(cell.store.calls.map(({ state, outcome }) => [state, outcome?.state === 'failed' ? outcome.error.code : null])).toEqual([['failed', 'peer_refused'], ['succeeded', null]]);
  });
});

describe('placement', () => {
  test('a gateway that knows of no agents does not make calls to such instances', async () => {
    const connector = notes.connector({ read: [manifestOf('read'), READ] });
    const alone = notes.gateway({ connectors: [connector], instances: [{ ...await notes.instance(connector, 'desk'), pool: POOL }], pdp: fixedPolicy(ALLOW) });
    expect(await alone.call(testIdentity(), 'notes/read', {})).toMatchObject({ kind: 'failed', error: { code: 'placement_unavailable', retryable: false } });
    expect(reached()).toEqual([]);
  });

  test('a step that names a pool goes to the instance of that pool, and to no other', async () => {
    const { cell } = await world({ near: {} });
    expect(await cell.call(testIdentity(), 'notes/read', {}, { pool: 'onprem' })).toMatchObject({ kind: 'succeeded' });
    expect(await cell.call(testIdentity(), 'notes/read', {}, { pool: 'other' })).toMatchObject({ kind: 'failed', error: { code: 'instance_missing', message: expect.stringContaining('the pool other') as string } });
    expect(await cell.call(testIdentity(), 'notes/read', {}, { pool: 'onprem', instanceName: 'near' })).toMatchObject({ kind: 'failed', error: { code: 'placement_mismatch' } });
    expect(reached()).toEqual(['desk /read']);
  });

  test('policy sends a call to the pool where its instance is, and nowhere else', async () => {
    const toPool = (pool: string): Rule => ({ instance }) => (instance.name === 'near' ? { outcome: 'ROUTE', obligations: { target: `agent:${pool}` } } : { outcome: 'ALLOW' });
    const { cell, agent } = await world({ cell: toPool('onprem'), agent: ALLOW, near: {} });
    expect(await cell.call(testIdentity(), 'notes/read', {}, { instanceName: 'near' })).toMatchObject({ kind: 'succeeded' });
    expect(reached()).toEqual(['desk /read']);
    expect(agent.asked[0]?.routed_from).toEqual(cell.asked[1]?.routed_from);
    const { cell: lost } = await world({ cell: toPool('other'), near: {} });
    expect(await lost.call(testIdentity(), 'notes/read', {}, { instanceName: 'near' })).toMatchObject({ kind: 'denied', reasons: [{}, { rule: 'route_not_available' }] });
  });
});

describe('only preparing', () => {
  test('gives what would be sent, and the digest that the cell will find for it; what policy forbids is not prepared for anybody', async () => {
    const { agent } = await world();
    const identity = testIdentity();
    const request = { identity, action: 'notes/write', instanceName: null, parameters: { a: 1 }, labels: { '/a': ['trusted_system'] }, model: null, signal: new AbortController().signal } as const;
    expect(await agent.gateway.prepare(request, null)).toMatchObject({ kind: 'prepared', prepared: { parameters: { a: 1, reference: expect.any(String) as string } }, digest: expect.stringMatching(/^sha256:/) as string });
    expect(await agent.gateway.prepare({ ...request, action: 'notes/read' }, null)).toMatchObject({ kind: 'failed', error: { code: 'action_unknown' } });
    const { agent: strict } = await world({ agent: () => ({ outcome: 'DENY' }) });
    expect(await strict.gateway.prepare(request, null)).toMatchObject({ kind: 'denied' });
    expect([strict.store.decisions, strict.store.calls, reached()]).toMatchObject([[{ outcome: 'DENY' }], [], []]);
  });

  test('a fixed action of another call, or of another digest, is not carried out', async () => {
    const { agent } = await world({ agent: ALLOW });
    const identity = testIdentity();
    const request = { identity, action: 'notes/read', instanceName: null, parameters: {}, labels: {}, model: null, signal: new AbortController().signal } as const;
    await agent.gateway.call(request);
    const { actionText, actionDigest } = agent.store.calls[0]!.intent;
    const fixed = { actionText, actionDigest, content: {}, target: null };
    for (const other of [{ ...request, fixed: { ...fixed, actionDigest: `sha256:${'0'.repeat(64)}` } }, { ...request, identity: testIdentity(), fixed }]) {
      expect(await agent.gateway.call(other)).toMatchObject({ kind: 'failed', error: { code: 'approved_action_damaged' } });
    }
    expect(reached()).toEqual(['desk /read']);
  });
});
