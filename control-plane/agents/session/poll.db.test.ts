import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import type { PollAnswer } from '@countersign/contracts/agent/protocol.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import { insertKillSwitch } from '../../kill-switches/queries.ts';
import { insertBundle } from '../../policies/repository-bundles.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { tellOfLost } from './lost-loop.ts';
import { endOldReceipts } from './receipts-loop.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { eventsOf, notSeenFor, presence, receipts, receivedBefore, seedOrder, setState } from './testing/queries.ts';
import { pollOf, SessionsUnderTest } from './testing/session-under-test.ts';

let cell: SessionsUnderTest;
beforeAll(async () => { cell = await SessionsUnderTest.start(); });
afterAll(() => cell.stop());

const poll = (agent: AdmittedAgent, changes: Parameters<typeof pollOf>[0] = {}): Promise<PollAnswer> => cell.sessions.poll(agent, pollOf(changes));
const idsOf = ({ orders }: PollAnswer): string[] => orders.map(({ signatures }) => signatures[0]!.keyid);
const order = (agent: AdmittedAgent, options: Parameters<typeof seedOrder>[2] = {}): Promise<string> => cell.database.execution.forTenant(agent.tenantId, (tx) => seedOrder(tx, agent, options));
const asControl = <T>({ tenantId }: AdmittedAgent, work: Parameters<typeof cell.database.control.forTenant<T>>[1]): Promise<T> => cell.database.control.forTenant(tenantId, work);

/** An agent that has been told all there is, and then asks again: the answer is held. */
async function waiting(): Promise<{ agent: AdmittedAgent; answer: Promise<PollAnswer>; gone: AbortController }> {
  const gone = new AbortController();
  const agent = { ...await cell.agent(), signal: gone.signal };
  const { key_set } = await poll(agent);
  const { seq } = JSON.parse(Buffer.from(key_set!.payload, 'base64').toString('utf8')) as { seq: number };
  return { agent, gone, answer: poll(agent, { key_set_seq: seq }) };
}

describe('orders', () => {
  test('are offered the oldest first, as many as the agent takes, until it has said that they are on its disk', async () => {
    const agent = await cell.agent();
    const ids = [await order(agent), await order(agent), await order(agent)];
    expect(idsOf(await poll(agent, { free: 2 }))).toEqual(ids.slice(0, 2));
    // The first is on its disk; of the second the answer was lost on the way.
    expect(idsOf(await poll(agent, { received: [ids[0]!] }))).toEqual([ids[2]]);
    expect(idsOf(await poll(agent, { received: [ids[2]!] }))).toEqual([ids[1]]);
    expect(await asControl(agent, (tx) => tx.rows(receipts, [agent.tenantId, agent.agentId]))).toEqual([ids[0]!, ids[2]!].sort().map((order_id) => ({ order_id })));
  });

  test('that may not begin any more are not offered, nor those of another agent, and none where there is no room', async () => {
    const agent = await cell.agent();
    const [neighbour, stranger] = [await cell.another(agent), await cell.agent()];
    await order(agent, { valid_s: -1 });
    await order(neighbour);
    await order(stranger);
    expect(idsOf(await poll(agent))).toEqual([]);
    const mine = await order(agent);
    expect(idsOf(await poll(agent, { key_set_seq: -1, received: [], free: 1 }))).toEqual([mine]);
  });

  test('are no more than fit into an answer, and one at least', async () => {
    const agent = await cell.agent();
    const payload = 'A'.repeat(1_000_000);
    const ids = [await order(agent, { payload }), await order(agent, { payload })];
    expect(idsOf(await poll(agent))).toEqual([ids[0]]);
    expect(idsOf(await poll(agent, { received: [ids[0]!] }))).toEqual([ids[1]]);
  });

  test('leave no receipt behind once they could not be offered any more', async () => {
    const agent = await cell.agent();
    const [old, recent] = [await order(agent), await order(agent)];
    await poll(agent, { received: [old, recent] });
    await asControl(agent, (tx) => tx.change(receivedBefore, [agent.tenantId, old, 3]));
    expect(await endOldReceipts(cell.database.control, agent.tenantId)).toBe(false);
    expect(await asControl(agent, (tx) => tx.rows(receipts, [agent.tenantId, agent.agentId]))).toEqual([{ order_id: recent }]);
  });

  test('of another agent are not received by saying so', async () => {
    const agent = await cell.agent();
    const neighbour = await cell.another(agent);
    const id = await order(neighbour);
    await poll(agent, { received: [id] });
    expect(idsOf(await poll(neighbour))).toEqual([id]);
  });
});

describe('a poll is held until', () => {
  test('there is an order', async () => {
    const { agent, answer } = await waiting();
    const id = await order(agent);
    await notify(cell.database.execution.pool, AGENTS_CHANNEL, JSON.stringify({ tenant_id: agent.tenantId, agent_id: agent.agentId, about: 'order', order_id: id }));
    expect(idsOf(await answer)).toEqual([id]);
  });

  test('the agent is drained', async () => {
    const { agent, answer } = await waiting();
    await asControl(agent, (tx) => tx.change(setState, [agent.tenantId, agent.agentId, 'draining']));
    cell.sessions.wake({ tenant_id: agent.tenantId, agent_id: agent.agentId, about: 'state', order_id: null });
    expect(await answer).toMatchObject({ state: 'draining', orders: [] });
  });

  test('a kill switch is set that concerns it: not one of another environment or workspace', async () => {
    const { agent, answer } = await waiting();
    const set = (scope: string, target: string): Promise<number> => asControl(agent, (tx) => tx.change(insertKillSwitch, [agent.tenantId, newId('kill_switch'), scope, target, 'Stop', newId('principal')]));
    await set('environment', newId('environment'));
    await set('workspace', newId('workspace'));
    cell.sessions.wakeTenant(agent.tenantId);
    await set('environment', agent.environmentId);
    cell.sessions.wakeTenant(agent.tenantId);
    expect((await answer).kill_switches).toMatchObject([{ scope: 'environment', reason: 'Stop' }]);
  });

  test('other policy is served', async () => {
    const { agent, answer } = await waiting();
    const bytes = Buffer.from('a bundle');
    await cell.objects.put('policy-bundles/b1', bytes);
    const scope = bundleScope(agent.environmentId);
    await asControl(agent, (tx) => tx.change(insertBundle, [agent.tenantId, scope, 7, newId('policy_bundle'), null, 'r1', 'sha256:b1', 'policy-bundles/b1', 'k', new Date(), new Date(Date.now() + 60_000)]));
    cell.sessions.wakeTenant(agent.tenantId);
    expect((await answer).policy).toEqual([{ scope, seq: 7, digest: 'sha256:b1' }]);
    expect(await cell.sessions.policy(agent, scope, undefined)).toEqual({ status: 200, headers: { etag: '"sha256:b1"', 'content-type': 'application/gzip' }, bytes: expect.objectContaining({ length: bytes.length }) });
    expect(await cell.sessions.policy(agent, scope, '"sha256:b1"')).toEqual({ status: 304, headers: { etag: '"sha256:b1"' } });
    for (const other of [`${scope}.shadow`, newId('environment')]) await expect(cell.sessions.policy(agent, other, undefined)).rejects.toMatchObject({ code: 'not_found' });
    const stranger = await cell.agent();
    await expect(cell.sessions.policy({ ...stranger, environmentId: agent.environmentId }, scope, undefined)).rejects.toMatchObject({ code: 'policy_bundle_missing' });
  });

  test('the agent polls anew: it has given up the one before', async () => {
    const { agent, answer, gone } = await waiting();
    const next = poll(agent, { key_set_seq: 1_000 });
    expect(await answer).toMatchObject({ orders: [] });
    gone.abort();
    expect(await next).toMatchObject({ orders: [] });
  });

  test('its connection ends; on the next one it is told everything anew', async () => {
    const { agent, answer, gone } = await waiting();
    const id = await order(agent);
    gone.abort();
    await answer;
    const back = (): AdmittedAgent => ({ ...agent, connection: {}, signal: new AbortController().signal });
    expect(idsOf(await poll(back()))).toEqual([id]);
    // It was offered on a connection that broke: nobody knows whether that was heard.
    expect(idsOf(await poll(back()))).toEqual([id]);
    expect(await poll(back(), { received: [id] })).toMatchObject({ orders: [], state: 'active' });
  });
});

test('five hundred are held at the cost of what there is to say: none asks the database while it waits', async () => {
  const first = await cell.agent();
  const agents = [first, ...await Promise.all(Array.from({ length: 499 }, () => cell.another(first)))];
  const [told] = await Promise.all(agents.map((agent) => poll(agent)));
  const { seq } = JSON.parse(Buffer.from(told!.key_set!.payload, 'base64').toString('utf8')) as { seq: number };
  const gone = new AbortController();
  const held = agents.map((agent) => poll({ ...agent, signal: gone.signal }, { key_set_seq: seq }));
  await expect.poll(() => cell.database.control.pool.waitingCount + cell.database.control.pool.totalCount - cell.database.control.pool.idleCount).toBe(0);
  const id = await order(agents[250]!);
  cell.sessions.wake({ tenant_id: first.tenantId, agent_id: agents[250]!.agentId, about: 'order', order_id: id });
  expect(idsOf(await held[250]!)).toEqual([id]);
  gone.abort();
  expect((await Promise.all(held)).flatMap(idsOf)).toEqual([id]);
});

test('keys are given to who holds an older set, signed by each key for work orders that is not revoked', async () => {
  const agent = await cell.agent();
  const { key_set } = await poll(agent);
  const set = JSON.parse(Buffer.from(key_set!.payload, 'base64').toString('utf8')) as { seq: number; tenant_id: string; keys: Array<{ kid: string; purpose: string }> };
  expect(set.tenant_id).toBe(agent.tenantId);
  expect(set.keys.map(({ purpose }) => purpose)).toEqual(['agent_release', 'policy_bundle', 'work_order']);
  expect(key_set!.signatures.map(({ keyid }) => keyid)).toEqual([set.keys[2]!.kid]);
  await order(agent);
  expect((await poll(agent, { key_set_seq: set.seq })).key_set).toBeNull();
});

test('an agent that is not heard of is told of as lost once, and as seen when it is back', async () => {
  const agent = await cell.agent();
  const parts = { database: cell.database.control, clock: systemClock, notifier: { changed: () => undefined } };
  await poll(agent, { labels: { site: 'ber2' } });
  expect(await tellOfLost(parts as never, agent.tenantId)).toBe(false);
  await asControl(agent, (tx) => tx.change(notSeenFor, [agent.tenantId, agent.agentId, 16]));
  expect(await tellOfLost(parts as never, agent.tenantId)).toBe(true);
  expect(await tellOfLost(parts as never, agent.tenantId)).toBe(false);
  await order(agent);
  await poll(agent);
  expect(await asControl(agent, (tx) => tx.rows(presence, [agent.tenantId, agent.agentId]))).toMatchObject([{ lost_at: null, free: 8, capacity: 8, labels: { site: 'fra1' }, agent_version: '0.3.0' }]);
  expect((await asControl(agent, (tx) => tx.rows<{ type: string }>(eventsOf, [agent.tenantId, agent.agentId]))).map(({ type }) => type)).toEqual(['agent.seen', 'agent.lost', 'agent.seen']);
});

test('an agent that is revoked meanwhile is told so; one that is too old, or speaks another protocol, is heard of and given nothing', async () => {
  const agent = await cell.agent();
  await order(agent);
  await expect(poll(agent, { version: '0.0.9' })).rejects.toMatchObject({ code: 'agent_too_old', retryAfter_s: 60 });
  await expect(poll(agent, { protocol: 2 })).rejects.toMatchObject({ code: 'protocol_unsupported' });
  expect(await asControl(agent, (tx) => tx.rows(presence, [agent.tenantId, agent.agentId]))).toHaveLength(1);
  await asControl(agent, (tx) => tx.change(setState, [agent.tenantId, agent.agentId, 'revoked']));
  await expect(poll(agent)).rejects.toMatchObject({ code: 'agent_revoked' });
});
