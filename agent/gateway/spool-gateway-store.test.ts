import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { CallBody, OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { EffectExistsError, StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { DecisionRecord, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { id, NOW, wholeOrder } from '../orders/testing/orders.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { orderFacts, orderSituation } from './order-situation.ts';
import { RunningOrder, RunningOrders } from './running-order.ts';
import { SpoolGatewayStore } from './spool-gateway-store.ts';

let spool: Spool;
let store: SpoolGatewayStore;
let now: Date;
let monotonic: number;
let switches: AgentKillSwitch[];
const orders = new RunningOrders();

beforeEach(async () => {
  spool = await openForTest(scratchFolder(), { limit_bytes: 64 * 1024 * 1024 });
  [now, monotonic, switches] = [NOW, 0, []];
  store = new SpoolGatewayStore({ spool, orders, clock: { now: () => now, monotonic: () => monotonic }, killSwitches: () => switches });
});
afterEach(() => spool.close());

/** As the runner has it when it begins. */
async function running(changes: Partial<WorkOrder> = {}, findsOut = false): Promise<RunningOrder> {
  const { order: base, sealed } = wholeOrder();
  const order = { ...base, ...changes };
  await spool.commit((tx) => {
    if (tx.order(order.id) === undefined) tx.takeOrder({ id: order.id, step_id: order.identity.step.id, fence: Number(order.identity.step.fence), envelope_sha256: 'e', begin_before: order.begin_before });
  });
  const made = new RunningOrder({ order, sealed }, { now: () => now, monotonic: () => monotonic }, { findsOut, signal: new AbortController().signal });
  orders.begin(made);
  return made;
}

const decision = { action: 'notes/write', actionDigest: digestOf('a'), outcome: 'ALLOW', bundle: null, reasons: [{ rule: 'itsm/ok', message: 'fine' }] } as unknown as DecisionRecord;
const intentOf = ({ order, sealed }: RunningOrder): Intent => ({ actionText: sealed.action_text!, actionDigest: order.action_digest!, content: sealed.content, risk: 'write', action: { target: sealed.target } }) as unknown as Intent;
const SUCCEEDED = { state: 'succeeded', output: { done: true }, receipt: null, costs: [], durationMs: 5, requestDigest: null, responseDigest: null } as const satisfies Outcome;
const failed = (state: 'failed' | 'uncertain'): Outcome => ({ state, error: { code: 'peer_timeout', message: 'x', retryable: true }, durationMs: 5, requestDigest: null, responseDigest: null });
const kinds = (): string[] => spool.undelivered(100, 1e9).entries.map(({ kind }) => kind);
const call = (more: Partial<WorkOrder> = {}): Partial<WorkOrder> => ({ id: id('ord', 'r'), call_id: id('call', 'd'), ...more });

describe('the books of an agent', () => {
  it('have the decision and the intent before anything leaves, and the outcome with the end of its order', async () => {
    const made = await running();
    expect(await store.findEffect(made.identity)).toBeNull();
    expect(await store.commitIntent(made.identity, decision, intentOf(made))).toEqual({ callId: made.order.call_id });
    expect(await spool.commit((tx) => [tx.order(made.order.id)?.state, tx.call(made.order.call_id!, 'k1')?.state])).toEqual(['begun', 'intended']);
    expect(await store.findEffect(made.identity)).toMatchObject({ state: 'intended', ofThisCall: true, intendedMsAgo: 0, content: { '/note': 'zebra text' } });
    await store.commitOutcome(made.identity, made.order.call_id!, SUCCEEDED);
    expect(await spool.commit((tx) => [tx.order(made.order.id)?.state, tx.call(made.order.call_id!, 'k1')?.state])).toEqual(['ended', 'succeeded']);
    expect(kinds()).toEqual(['call', 'outcome']);
    expect(spool.undelivered(1, 1e9).entries[0]!.body).toMatchObject({ order_id: made.order.id, outcome: 'ALLOW', rules: ['itsm/ok'] } satisfies Partial<CallBody>);
    expect(await store.findEffect(made.identity)).toMatchObject({ state: 'succeeded', output: { done: true } });
  });

  it('let no second effect happen under a key, until the first is known to have had none', async () => {
    const first = await running();
    await store.commitIntent(first.identity, decision, intentOf(first));
    const second = await running(call());
    expect(await store.findEffect(second.identity)).toMatchObject({ callId: first.order.call_id, state: 'intended' });
    await expect(store.commitIntent(second.identity, decision, intentOf(second))).rejects.toThrow(EffectExistsError);
    await store.commitOutcome(second.identity, first.order.call_id!, failed('failed'));
    expect(second.hasEnded).toBe(false);
    expect(await store.findEffect(second.identity)).toBeNull();
    expect(await store.commitIntent(second.identity, decision, intentOf(second))).toEqual({ callId: second.order.call_id });
  });

  it('intend nothing but the action of the order', async () => {
    const made = await running();
    await expect(store.commitIntent(made.identity, decision, { ...intentOf(made), actionDigest: digestOf('another') })).rejects.toMatchObject({ result: { error: { code: 'action_not_ordered' } } });
    expect([kinds(), await store.findEffect(made.identity)]).toEqual([[], null]);
  });

  it.each<[string, () => void]>([
    ['its time is over', () => { now = new Date(NOW.getTime() + 30_000); }],
    ['its time is over by a clock that nobody sets', () => { monotonic = 30_000; }],
    ['people have stopped it', () => { switches.push({ id: 'ksw_1', scope: 'tenant', reason: 'x' }); }],
  ])('let nothing leave once %s', async (_, happens) => {
    const made = await running();
    await store.proveHeld(made.identity);
    happens();
    await expect(store.proveHeld(made.identity)).rejects.toThrow(StaleLeaseError);
    await expect(store.commitIntent(made.identity, decision, intentOf(made))).rejects.toThrow(StaleLeaseError);
    expect(kinds()).toEqual([]);
  });

  it('let nothing leave once the step has another holder, and still say how what was sent ended', async () => {
    const made = await running();
    await store.commitIntent(made.identity, decision, intentOf(made));
    await spool.commit((tx) => tx.takeOrder({ id: id('ord', 'z'), step_id: made.order.identity.step.id, fence: 8, envelope_sha256: 'f', begin_before: made.order.begin_before }));
    await expect(store.proveHeld(made.identity)).rejects.toThrow(StaleLeaseError);
    await store.commitOutcome(made.identity, made.order.call_id!, failed('uncertain'));
    expect(spool.undelivered(9, 1e9).entries.at(-1)!.body).toMatchObject({ state: 'uncertain', exchanges: { may_have_changed: true } } satisfies Partial<Record<keyof OutcomeBody, unknown>>);
  });

  it('say of what was looked up after a crash that it may be looked up again', async () => {
    const made = await running({}, true);
    await store.commitOutcome(made.identity, made.order.call_id!, { ...failed('uncertain'), error: { code: 'outcome_unknown', message: 'x', retryable: false } } as Outcome);
    expect(spool.undelivered(9, 1e9).entries.at(-1)!.body).toMatchObject({ error: { code: 'outcome_unknown', retryable: true } });
  });

  it('can ask nobody, and say so', async () => {
    const made = await running();
    await expect(store.commitApprovalRequest(made.identity, { ...decision, outcome: 'REQUIRE_HITL' }, undefined as never)).rejects.toMatchObject({ result: { error: { code: 'people_not_available' } } });
    expect(kinds()).toEqual(['call']);
  });
});

describe('how things stand for an order', () => {
  it('is what its cell signed, and what people have stopped since in this workflow', async () => {
    const made = await running({ situation: { time_zone: 'Europe/Berlin', autonomy: 'supervised', kill_switches: [] } });
    switches.push({ id: 'ksw_1', scope: 'workflow', reason: 'x', workflow: 'triage' }, { id: 'ksw_2', scope: 'workflow', reason: 'x', workflow: 'other' });
    expect(await orderSituation(orders, () => switches).of(made.identity)).toEqual({ time_zone: 'Europe/Berlin', autonomy: 'supervised', kill_switches: [{ id: 'ksw_1', scope: 'workflow', reason: 'x' }] });
  });

  it('counts by what came with the order, and by nothing of this side', async () => {
    const counters = { action: { minute: 2, hour: 2, day: 2 } };
    const made = await running({ facts: { counters } });
    const facts = orderFacts(orders).of(made.identity, undefined as never);
    expect(await facts.counters()).toBe(counters);
    await expect(facts.budget()).rejects.toMatchObject({ code: 'fact_missing' });
  });

  it('is nothing where no order is carried out', async () => {
    const made = await running();
    orders.end(made);
    expect(() => orders.of(made.identity)).toThrow(expect.objectContaining({ code: 'order_not_running' }) as Error);
  });
});
