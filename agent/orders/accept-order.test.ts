import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { acceptOrder, RecentDigests } from './accept-order.ts';
import type { OrderIntake } from './accept-order.ts';
import { id, orderFor, signingPair, verifier } from './testing/orders.ts';

let folder: string;
let spool: Spool;
let intake: OrderIntake;
let signedAt: string[];

beforeEach(async () => {
  spool = await openForTest(folder = scratchFolder());
  signedAt = [];
  intake = {
    spool, verifier: await verifier(), isClockTrusted: () => true, isDraining: () => false, killSwitches: () => [], policySeq: async () => 4,
    signedAt: (at) => void signedAt.push(at.toISOString()), toldRefused: new RecentDigests(),
  };
});
afterEach(() => spool.close());

const told = (): unknown[] => spool.undelivered(100, 1e6).entries.map(({ kind, body }) => [kind, body]);

describe('an order', () => {
  it('is taken once, however often and however fast the cell gives it', async () => {
    const envelope = await orderFor();
    const kinds = (await Promise.all([1, 2, 3].map(() => acceptOrder(intake, envelope)))).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['accepted', 'known', 'known']);
    expect(await acceptOrder(intake, envelope)).toEqual({ kind: 'known', order_id: id('ord', 'q') });
    expect(told()).toEqual([['order.accepted', { order_id: id('ord', 'q'), kind: 'execute' }]]);
    expect(await spool.commit((tx) => tx.content(id('ord', 'q')))).toMatchObject({ order: { id: id('ord', 'q') }, sealed: { parameters: { sys_id: 'abc' } } });
    expect(signedAt.at(-1)).toBe('2026-11-21T10:00:00.000Z');
  });

  it('is a replay once the cell knows that it was taken, after a restart too', async () => {
    const envelope = await orderFor();
    await acceptOrder(intake, envelope);
    await spool.commit((tx) => tx.receiptsTold(tx.receiptsToTell()));
    spool.close();
    spool = await openForTest(folder);
    expect(await acceptOrder({ ...intake, spool }, envelope)).toMatchObject({ kind: 'refused', refusal: 'order_replayed', alarm: true });
  });

  it('of the same name with other bytes is a replay at once', async () => {
    await acceptOrder(intake, await orderFor());
    expect(await acceptOrder(intake, await orderFor())).toMatchObject({ kind: 'refused', refusal: 'order_replayed' });
  });

  it('of a worker that lost the step to another is refused', async () => {
    await acceptOrder(intake, await orderFor());
    const older = await orderFor({ order: (order) => ({ ...order, id: id('ord', 'r'), identity: { ...order.identity, step: { ...order.identity.step, fence: '6' } } }) });
    expect(await acceptOrder(intake, older)).toMatchObject({ kind: 'refused', refusal: 'order_fence_stale' });
  });

  it('of a worker that lost the step to another is refused, also where the other one\'s is taken while this one waits for policy', async () => {
    const newer = await orderFor();
    const older = await orderFor({ order: (order) => ({ ...order, id: id('ord', 'r'), identity: { ...order.identity, step: { ...order.identity.step, fence: '6' } } }) });
    const overtaken = { ...intake, policySeq: async () => (await acceptOrder(intake, newer)).kind === 'accepted' ? 4 : null };
    expect(await acceptOrder(overtaken, older)).toMatchObject({ kind: 'refused', refusal: 'order_fence_stale' });
    expect(told().map((entry) => (entry as [string])[0])).toEqual(['order.accepted', 'order.refused']);
  });

  it.each<[OrderRefusal, boolean, Partial<OrderIntake>]>([
    ['clock_untrusted', false, { isClockTrusted: () => false }],
    ['draining', false, { isDraining: () => true }],
    ['stopped_by_kill_switch', false, { killSwitches: () => [{ id: 'ksw_1', scope: 'tenant', reason: 'x' }] }],
    ['stopped_by_kill_switch', false, { killSwitches: () => [{ id: 'ksw_1', scope: 'workflow', reason: 'x', workflow: 'triage' }] }],
    ['policy_behind', false, { policySeq: async () => 3 }],
    ['policy_behind', false, { policySeq: async () => null }],
  ])('is refused with %s (alarm: %s), which is told once, and is not taken later either', async (refusal, alarm, changes) => {
    const envelope = await orderFor();
    expect(await acceptOrder({ ...intake, ...changes }, envelope)).toMatchObject({ kind: 'refused', order_id: id('ord', 'q'), refusal, alarm });
    // The cell gives the step a new order as soon as it has heard of the refusal; a copy of this one may still be on its way.
    expect(await acceptOrder(intake, envelope)).toEqual({ kind: 'known', order_id: id('ord', 'q') });
    expect(told()).toMatchObject([['order.refused', { order_id: id('ord', 'q'), kid: 'wo-1', refusal }]]);
    await spool.commit((tx) => tx.receiptsTold(tx.receiptsToTell()));
    spool.close();
    spool = await openForTest(folder);
    expect(await acceptOrder({ ...intake, spool }, envelope)).toMatchObject({ kind: 'refused', refusal: 'order_replayed' });
    expect(await spool.commit((tx) => tx.openOrders())).toEqual([]);
  });

  it('is not stopped by what people stopped in another workflow', async () => {
    const killSwitches = (): ReturnType<OrderIntake['killSwitches']> => [{ id: 'ksw_1', scope: 'workflow', reason: 'x', workflow: 'other' }];
    expect(await acceptOrder({ ...intake, killSwitches }, await orderFor())).toMatchObject({ kind: 'accepted' });
  });

  it('that was signed for a time that is yet to come is not taken when that time has come', async () => {
    const envelope = await orderFor({ order: (order) => ({ ...order, issued_at: '2026-11-21T10:02:00.000Z', begin_before: '2026-11-21T10:03:00.000Z' }) });
    expect(await acceptOrder(intake, envelope)).toMatchObject({ refusal: 'order_expired' });
    const later = { ...intake, verifier: await verifier({ now: () => new Date('2026-11-21T10:02:30.000Z') }) };
    expect(await acceptOrder(later, envelope)).toMatchObject({ kind: 'known' });
  });

  it('that a stranger sends again and again fills no spool', async () => {
    const envelope = await orderFor({ signer: signingPair('wo-1') });
    for (let n = 0; n < 20; n += 1) expect(await acceptOrder(intake, envelope)).toMatchObject({ kind: 'refused', refusal: 'order_signature_invalid' });
    expect(told()).toHaveLength(1);
  });

  it('is refused while there is no room to say how it ends', async () => {
    for (let n = 0; spool.room().open; n += 1) await spool.append('agent.stopped', { reason: 'x'.repeat(500_000) });
    expect(await acceptOrder(intake, await orderFor())).toMatchObject({ kind: 'refused', refusal: 'spool_full', alarm: false });
  });

  it('of a stranger takes no room where there is none, and is told when there is', async () => {
    const forged = await orderFor({ signer: signingPair('wo-1') });
    while (spool.room().open) await spool.append('agent.stopped', { reason: 'x'.repeat(500_000) });
    await spool.append('agent.stopped', { reason: 'the last' });
    const { seq } = spool.room();
    expect(await acceptOrder(intake, forged)).toMatchObject({ refusal: 'order_signature_invalid', alarm: true });
    expect(spool.room().seq).toBe(seq);
    const last = spool.undelivered(1_000, 1e9).entries.at(-1)!;
    await spool.delivered(last.seq, last.hash);
    expect(await acceptOrder(intake, forged)).toMatchObject({ refusal: 'order_signature_invalid' });
    expect(told()).toMatchObject([['order.refused', { refusal: 'order_signature_invalid' }]]);
  });

  it('that a stranger signed, or that is none, is told with an alarm', async () => {
    expect(await acceptOrder(intake, await orderFor({ signer: signingPair('wo-1') }))).toMatchObject({ refusal: 'order_signature_invalid', alarm: true });
    expect(await acceptOrder(intake, { anything: '\ud800' })).toMatchObject({ refusal: 'order_malformed', alarm: true });
    expect(told()).toMatchObject([['order.refused', { refusal: 'order_signature_invalid' }], ['order.refused', { order_id: null, kid: null, refusal: 'order_malformed' }]]);
  });
});
