import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entrySealContext } from '@countersign/contracts/agent/spool-entry.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { eventsOf, heldEntries, openAlarms, receipts, seedOrder } from './testing/queries.ts';
import { SessionsUnderTest } from './testing/session-under-test.ts';
import { chained, deliveryOf, said, toldBy } from './testing/spool.ts';

let cell: SessionsUnderTest;
beforeAll(async () => { cell = await SessionsUnderTest.start(); });
afterAll(() => cell.stop());

const read = <Row extends object>({ tenantId, agentId }: AdmittedAgent, statement: typeof heldEntries): Promise<Row[]> =>
  cell.database.control.forTenant(tenantId, (tx) => tx.rows<Row>(statement, [tenantId, agentId]));

test('entries are held in order, sealed for their own place, and acknowledged by their last number and hash', async () => {
  const agent = await cell.agent();
  const told = toldBy('e1', 3);
  expect(await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 3))).toEqual({ acked_seq: 3, hash: told[2]!.hash });
  const held = await read<{ seq: number; kind: string; hash: string; epoch: string; sealed: Buffer; occurred_at: Date }>(agent, heldEntries);
  expect(held.map(({ seq, kind, hash, epoch }) => ({ seq, kind, hash, epoch }))).toEqual(told.map(({ seq, kind, hash }) => ({ seq, kind, hash, epoch: 'e1' })));
  expect(held[0]!.occurred_at.toISOString()).toBe(told[0]!.occurred_at);
  const { keys } = cell.ring;
  expect(JSON.parse(Buffer.from(await keys.unseal(agent.tenantId, 'content', entrySealContext(agent.agentId, 'e1', 2), held[1]!.sealed)).toString('utf8'))).toEqual(told[1]!.body);
  await expect(keys.unseal(agent.tenantId, 'content', entrySealContext(agent.agentId, 'e1', 1), held[1]!.sealed)).rejects.toMatchObject({ code: 'unseal_failed' });
});

test('whatever is said again after lost answers, each entry is held once and in order', async () => {
  const told = toldBy('e1', 30);
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ back: fc.nat(9), count: fc.integer({ min: 1, max: 9 }), isLost: fc.boolean() }), { minLength: 5, maxLength: 20 }), async (steps) => {
    const agent = await cell.agent();
    let [acked, held] = [0, 0];
    for (const { back, count, isLost } of steps) {
      const from = Math.max(1, Math.min(acked + 1, told.length) - back);
      const answer = await cell.sessions.deliver(agent, deliveryOf('e1', told, from, Math.min(told.length, from + count - 1)));
      expect(answer).toEqual({ acked_seq: Math.max(held, Math.min(told.length, from + count - 1)), hash: told[answer.acked_seq - 1]!.hash });
      held = answer.acked_seq;
      if (!isLost) acked = held;
    }
    expect((await read<{ seq: number; hash: string }>(agent, heldEntries)).map(({ seq, hash }) => ({ seq, hash }))).toEqual(told.slice(0, held).map(({ seq, hash }) => ({ seq, hash })));
  }), { numRuns: 15 });
});

test('of the same entries delivered at the same time each is held once', async () => {
  const agent = await cell.agent();
  const told = toldBy('e1', 40);
  const answers = await Promise.all([[1, 40], [1, 10], [1, 25], [1, 40], [1, 1]].map(([from, to]) => cell.sessions.deliver(agent, deliveryOf('e1', told, from!, to!))));
  expect(Math.max(...answers.map(({ acked_seq }) => acked_seq))).toBe(40);
  const held = await read<{ seq: number; hash: string }>(agent, heldEntries);
  expect(held.map(({ hash }) => hash)).toEqual(told.map(({ hash }) => hash));
});

test('what does not continue the spool is refused with where the cell is, and people are told once however often it comes', async () => {
  const agent = await cell.agent();
  const told = toldBy('e1', 4);
  await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 2));
  const counted = cell.alarms.length;
  for (let times = 0; times < 2; times++) {
    await expect(cell.sessions.deliver(agent, deliveryOf('e1', told, 4, 4))).rejects.toMatchObject({ code: 'spool_gap', members: { acked_seq: 2, hash: told[1]!.hash } });
    await expect(cell.sessions.deliver(agent, deliveryOf('e1', toldBy('e1', 3, '0.2.0'), 1, 3))).rejects.toMatchObject({ code: 'spool_forked', members: { acked_seq: 2 } });
    await expect(cell.sessions.deliver(agent, deliveryOf('e2', toldBy('e2', 1), 1, 1))).rejects.toMatchObject({ code: 'spool_forked' });
  }
  expect(await read(agent, heldEntries)).toHaveLength(2);
  expect(cell.alarms.slice(counted)).toEqual(['spool_gap', 'spool_forked']);
  expect((await read<{ type: string; data: object }>(agent, eventsOf)).map(({ type, data }) => [type, data])).toEqual([
    ['agent.spool_forked', expect.objectContaining({ code: 'spool_gap', delivered_seq: 2, spool_seq: 4 })],
    ['agent.draining', expect.objectContaining({ because: 'spool_gap', was_state: 'active' })],
    ['agent.spool_forked', expect.objectContaining({ code: 'spool_forked', delivered_seq: 2, spool_seq: 1 })],
  ]);
  // Nothing is lost by it: what continues the spool is taken as before.
  expect(await cell.sessions.deliver(agent, deliveryOf('e1', told, 3, 4))).toMatchObject({ acked_seq: 4 });
});

test('one that tells of far more than an agent does is told to wait, and nobody else', async () => {
  const [agent, neighbour] = [await cell.agent(), await cell.agent()];
  const told = toldBy('e1', 500);
  const again = (): Promise<unknown> => cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 500)).catch((error: unknown) => error);
  let answer = await again();
  let taken = 0;
  for (; taken < 1_000 && !(answer instanceof Error); taken += 1) answer = await again();
  expect(answer).toMatchObject({ code: 'rate_limited', retryAfter_s: 10 });
  expect(taken).toBeGreaterThanOrEqual(200);
  expect(await cell.sessions.deliver(neighbour, deliveryOf('e1', told, 1, 500))).toMatchObject({ acked_seq: 500 });
});

test('an order that an honest cell does not send is an alarm for each time, and none when it is said again; a full disk is none', async () => {
  const agent = await cell.agent();
  const order_id = await cell.database.execution.forTenant(agent.tenantId, (tx) => seedOrder(tx, agent));
  const refused = (refusal: 'order_replayed' | 'spool_full') => said('order.refused', { order_id, kid: 'wo-1', refusal, envelope_sha256: 'a'.repeat(64) });
  const told = chained('e1', [refused('order_replayed'), refused('order_replayed'), refused('spool_full'), said('policy.refused', { scope: agent.environmentId, code: 'bundle_rolled_back', seq: 3 })]);
  const counted = cell.alarms.length;
  await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 2));
  await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 4));
  expect(cell.alarms.slice(counted)).toEqual(['order_refused', 'order_refused', 'policy_refused']);
  expect(await read(agent, openAlarms)).toEqual([{ kind: 'order_refused', code: 'order_replayed', count: 2 }, { kind: 'policy_refused', code: 'bundle_rolled_back', count: 1 }]);
  // The agent has it and does not take it: it is not offered once more.
  expect(await read(agent, receipts)).toEqual([{ order_id }]);
});

test('an agent says nothing in the name of another, of its tenant or of any', async () => {
  const [agent, stranger] = [await cell.agent(), await cell.agent()];
  const neighbour = await cell.another(agent);
  const told = toldBy('e1', 2);
  await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, 2));
  for (const other of [neighbour, stranger]) {
    await expect(cell.sessions.deliver(other, deliveryOf('e1', told, 2, 2))).rejects.toMatchObject({ code: 'spool_gap' });
    expect(await read(other, heldEntries)).toEqual([]);
  }
  // Somebody who is taken for the other tenant finds no such agent there.
  await expect(cell.sessions.deliver({ ...agent, tenantId: stranger.tenantId }, deliveryOf('e1', told, 1, 2))).rejects.toMatchObject({ code: 'row_missing' });
});

test('codes that an agent makes up are an alarm, and no row each', async () => {
  const agent = await cell.agent();
  const refused = (refusal: unknown) => ({ kind: 'order.refused', body: { order_id: null, kid: null, refusal, envelope_sha256: 'a'.repeat(64) } }) as Parameters<typeof chained>[1][number];
  const told = chained('e1', [...Array.from({ length: 60 }, (_, i) => refused(`made_up_${i}`)), refused({ toString: 1 }), refused('made_up_0')]);
  expect(await cell.sessions.deliver(agent, deliveryOf('e1', told, 1, told.length))).toMatchObject({ acked_seq: 62 });
  const open = await read<{ code: string; count: number }>(agent, openAlarms);
  expect(open).toHaveLength(51);
  expect(open).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'order_refused', count: 11 }), expect.objectContaining({ code: 'made_up_0', count: 2 })]));
});
