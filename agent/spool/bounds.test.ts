import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Spool } from './spool.ts';
import { openForTest, scratchFolder } from './testing/open-for-test.ts';

const BYTES = 100_000_000;
let folder: string;
let spool: Spool;

beforeEach(async () => {
  spool = await openForTest(folder = scratchFolder());
});
afterEach(() => spool.close());

async function reopened(): Promise<void> {
  spool.close();
  spool = await openForTest(folder);
}

/** Gives the cell everything, as if it said each time that it holds it. */
async function deliverAll(): Promise<SpoolEntry[]> {
  const given: SpoolEntry[] = [];
  for (let at = spool.undelivered(10, BYTES).entries; at.length > 0; at = spool.undelivered(10, BYTES).entries) {
    given.push(...at);
    await spool.delivered(at.at(-1)!.seq, at.at(-1)!.hash);
  }
  return given;
}

async function untilFull(): Promise<number> {
  let written = 0;
  while (spool.room().open) written = await spool.append('agent.stopped', { reason: 'x'.repeat(100_000) });
  return written;
}

describe('the bounds of a spool', () => {
  it('leave room for every order that was taken to say how it ends', async () => {
    expect(spool.room().open).toBe(true);
    for (let n = 0; n < 7; n += 1) await spool.commit((tx) => tx.takeOrder({ id: `ord_${n}`, step_id: 's', fence: n, envelope_sha256: '', begin_before: '' }));
    expect(spool.room().open).toBe(false);
    await spool.commit((tx) => tx.moveOrder('ord_0', 'ended'));
    expect(spool.room().open).toBe(true);
  });

  it('hold while the cell is away: no new work, and everything that was written is given when it is back', async () => {
    let written = await untilFull();
    expect(spool.room().bytes).toBeLessThan(8 * 1024 * 1024);
    written = await spool.append('agent.stopped', { reason: 'how it ended' });
    expect((await deliverAll()).map(({ seq }) => seq)).toEqual(Array.from({ length: written }, (_, n) => n + 1));
    expect(spool.room()).toMatchObject({ open: true, state: 'open', seq: written, delivered_seq: written });
  });

  it('are told of once each time that they are reached', async () => {
    const timesTold = (entries: readonly SpoolEntry[]): number => entries.filter(({ kind }) => kind === 'spool.full').length;
    await untilFull();
    await spool.append('agent.stopped', { reason: 'still full' });
    expect(timesTold(await deliverAll())).toBe(1);
    await spool.append('agent.started', { version: 'with room' });
    expect(timesTold(await deliverAll())).toBe(0);
    await untilFull();
    expect(timesTold(await deliverAll())).toBe(1);
  });

  it('say how many orders there is room for, and give the disk back what is not needed any more', async () => {
    const size = (): number => statSync(join(folder, 'spool.db')).size;
    const { orders } = spool.room();
    expect(orders).toBe(7);
    await untilFull();
    expect(spool.room()).toMatchObject({ orders: 0, state: 'full' });
    await reopened();
    const full = size();
    await deliverAll();
    await reopened();
    expect(full).toBeGreaterThan(6 * 1024 * 1024);
    expect(size()).toBeLessThan(2.5 * 1024 * 1024);
    expect(spool.room().orders).toBe(orders);
  });

  it('hold for one entry, too: what could never be delivered is not taken', async () => {
    await expect(spool.append('agent.stopped', { reason: 'x'.repeat(1024 * 1024) })).rejects.toMatchObject({ code: 'entry_too_large' });
    expect(await spool.append('agent.stopped', { reason: 'x'.repeat(1024 * 1024 - 100) })).toBe(1);
  });

  it('let orders be forgotten a day after they could have begun, and sooner where the room is needed', async () => {
    let now = new Date('2026-11-21T10:00:00.000Z');
    spool.close();
    spool = await openForTest(folder, { clock: { now: () => now, offset_ms: () => 0 } });
    const at = (time: string): void => void (now = new Date(time));
    const remembered = (): Promise<boolean> => spool.commit((tx) => tx.order('ord_1') !== undefined);
    const ended = (begin_before: string): Promise<void> => spool.commit((tx) => {
      tx.takeOrder({ id: 'ord_1', step_id: 's', fence: 1, envelope_sha256: '', begin_before });
      tx.moveOrder('ord_1', 'ended');
      tx.receiptsTold(['ord_1']);
    });
    const tellOne = async (): Promise<void> => {
      await spool.append('agent.started', { version: '1' });
      await deliverAll();
    };
    await ended('2026-11-21T10:01:00.000Z');
    at('2026-11-22T10:00:59.000Z');
    await tellOne();
    expect(await remembered()).toBe(true);
    at('2026-11-22T10:15:00.000Z');
    await tellOne();
    expect(await remembered()).toBe(false);
    await ended('2026-11-22T10:15:00.000Z');
    await spool.commit((tx) => tx.keep('a lot', 'x'.repeat(5 * 1024 * 1024)));
    at('2026-11-22T12:30:00.000Z');
    await tellOne();
    expect(await remembered()).toBe(false);
  });
});
