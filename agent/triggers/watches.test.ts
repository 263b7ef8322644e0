import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EntryBodies } from '@countersign/contracts/agent/spool-entry.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { servicenow } from '@countersign/connectors/servicenow/connector.ts';
import { Desk } from '@countersign/connectors/servicenow/testing/desk.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { id, signedOrder, wholeOrder } from '../orders/testing/orders.ts';
import { Workplace } from '../orders/testing/workplace.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { cursorOf, tellFound } from './found-entry.ts';

const evaluators = createEvaluatorPool({ threads: 1 });
let desk: Desk;
let folder: string;
let place: Workplace;

beforeAll(async () => { desk = await Desk.open(); });
afterAll(async () => {
  await desk.close();
  await evaluators.close();
});
beforeEach(async () => {
  folder = scratchFolder();
  place = await opened();
});
afterEach(async () => {
  await place.close();
  await desk.clear();
});

function opened(): Promise<Workplace> {
  return Workplace.open({ folder, url: desk.sandbox.url, evaluators });
}

function watchOrder(fence: string, cursor: string | null, valid_ms = 3_600_000): Promise<DsseEnvelope> {
  const { order: base } = wholeOrder();
  const now = new Date();
  const identity: WorkOrder['identity'] = { ...base.identity, run: { ...base.identity.run, workflow: 'reconciler' }, step: { ...base.identity.step, key: 'poll', fence }, call_key: 'watch' };
  const triggers = servicenow.reconciler!.events.map((event) => ({ event, trigger: servicenow.manifest.triggers![event]! }));
  return signedOrder({
    ...base, id: newId('work_order'), kind: 'watch', identity, action: 'servicenow/watch', risk: 'read', action_digest: null, call_id: null, idempotency_key: null, approval: null,
    issued_at: now.toISOString(), begin_before: new Date(now.getTime() + valid_ms).toISOString(),
    instance: { ...base.instance, name: 'desk', connector: 'servicenow', connector_version: servicenow.manifest.version, manifest_digest: servicenow.manifestDigest, settings: { integration_user: 'countersign.integration' } },
    watch: { every_ms: 1_000, cursor, triggers },
  }, { parameters: {}, labels: {}, action_text: null, content: {}, target: null });
}

type Found = EntryBodies['trigger.found'];
const found = (): Found[] => place.entries('trigger.found').map(({ body }) => body as Found);
const subjects = (): unknown[] => [...new Set(found().flatMap(({ payloads }) => payloads.map((payload) => payload['sys_id'])))];

describe('a watch', () => {
  it('finds what was raised while no webhook can come, by reads that policy decided on, and takes no capacity', async () => {
    expect(await place.runner.take(await watchOrder('1', null))).toMatchObject({ kind: 'accepted' });
    expect([place.runner.free(), place.runner.underWay()]).toEqual([8, []]);
    await vi.waitFor(() => expect(found()).toHaveLength(1));
    expect(found()[0]).toMatchObject({ instance_id: id('ins', 'j'), payloads: [], cursor: expect.stringMatching(/^\d{4}-/) as string });
    const sysId = await desk.raise();
    await vi.waitFor(() => expect(subjects()).toContain(sysId), 5_000);
    expect(place.entries('call').every(({ body }) => (body as EntryBodies['call']).call_key.startsWith('poll-'))).toBe(true);
    expect(place.sent.every((line) => line.startsWith('GET'))).toBe(true);
  });

  it('goes on after a restart where it was, and gives way to a newer order for the same instance', async () => {
    const first = await place.runner.take(await watchOrder('1', null));
    await vi.waitFor(() => expect(found()).toHaveLength(1));
    const sysId = await desk.raise();
    await place.close();
    place = await opened();
    expect(await place.spool.commit((tx) => tx.openOrders())).toHaveLength(1);
    await place.runner.resume();
    await vi.waitFor(() => expect(subjects()).toContain(sysId), 5_000);
    const newer = await place.runner.take(await watchOrder('2', found()[0]!.cursor));
    await vi.waitFor(async () => expect((await place.spool.commit((tx) => tx.openOrders())).map((order) => order.id)).toEqual([orderIdOf(newer)]));
    expect(orderIdOf(first)).not.toBe(orderIdOf(newer));
  });

  it('looks at nothing while the agent is drained', async () => {
    await place.runner.take(await watchOrder('1', null));
    await vi.waitFor(() => expect(found()).toHaveLength(1));
    place.runner.drain();
    const sent = place.sent.length;
    await desk.raise();
    await place.runner.close();
    expect(place.sent.length).toBe(sent);
  });
});

describe('what was found', () => {
  let spool: Spool;
  const { order } = wholeOrder();
  beforeEach(async () => { spool = await openForTest(scratchFolder(), { limit_bytes: 64 * 1024 * 1024 }); });
  afterEach(() => spool.close());

  it('is told in entries that can be delivered, of which only the last moves the cursor', async () => {
    const payloads = Array.from({ length: 3_000 }, (_, n) => ({ sys_id: String(n), text: 'x'.repeat(400) }));
    await spool.commit((tx) => tellFound(tx, order, { before: 'a', cursor: 'b', payloads }));
    const bodies = spool.undelivered(100, 1e9).entries.map(({ body }) => body as Found);
    expect(bodies.length).toBeGreaterThan(3);
    expect(bodies.flatMap((body) => body.payloads)).toEqual(payloads);
    expect(bodies.map(({ cursor }) => cursor)).toEqual([...bodies.slice(1).map(() => 'a'), 'b']);
    expect(Math.max(...bodies.map((body) => JSON.stringify(body).length))).toBeLessThan(300_000);
  });

  it('is not looked for twice because the cell has not heard of it yet, and by the place of the cell afterwards', async () => {
    const ordered = { ...order, watch: { every_ms: 1_000, cursor: 'cell', triggers: [] } };
    const from = (delivered: number): Promise<string | null> => spool.commit((tx) => cursorOf(tx, ordered, delivered));
    expect(await from(0)).toBe('cell');
    await spool.commit((tx) => tellFound(tx, order, { before: null, cursor: 'here', payloads: [] }));
    expect([await from(0), await from(1)]).toEqual(['here', 'cell']);
  });
});

function orderIdOf(intake: Awaited<ReturnType<Workplace['runner']['take']>>): string {
  expect(intake).toMatchObject({ kind: 'accepted' });
  return (intake as Extract<typeof intake, { kind: 'accepted' }>).verified.order.id;
}
