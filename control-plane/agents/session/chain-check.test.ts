import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import { boundaryOf, judge } from './chain-check.ts';
import type { Delivery } from './chain-check.ts';
import { deliveryOf, toldBy } from './testing/spool.ts';

/** What a cell holds of one spool: `judge` over a list. */
class Held {
  readonly entries: SpoolEntry[] = [];

  take(delivery: Parameters<typeof judge>[0]): Delivery {
    const head = { epoch: 'e1', seq: this.entries.length, hash: this.#hashAt(this.entries.length) };
    const judged = judge(delivery, head, this.#hashAt(Math.min(head.seq, boundaryOf(delivery, head))));
    if (judged.kind === 'continues') this.entries.push(...judged.fresh);
    return judged;
  }

  #hashAt(seq: number): string {
    return this.entries[seq - 1]?.hash ?? FIRST_PREV_HASH;
  }
}

test('however often an agent repeats itself, and wherever it begins again, each entry counts once and in order', () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 40 }),
    // Each delivery: how far behind the end of what is known it begins, how many entries it has, and whether its answer is lost.
    fc.array(fc.record({ back: fc.nat(12), count: fc.integer({ min: 1, max: 12 }), isLost: fc.boolean() }), { minLength: 1, maxLength: 60 }),
    (total, steps) => {
      const told = toldBy('e1', total);
      const held = new Held();
      let acked = 0;
      for (const { back, count, isLost } of steps) {
        const from = Math.max(1, Math.min(acked + 1, total) - back);
        const judged = held.take(deliveryOf('e1', told, from, Math.min(total, from + count - 1)));
        expect(judged.kind).toBe('continues');
        if (!isLost) acked = held.entries.length;
      }
      expect(held.entries).toEqual(told.slice(0, held.entries.length));
    },
  ), { numRuns: 300 });
});

test('entries that were left out are a gap, whatever comes after them', () => {
  const told = toldBy('e1', 5);
  const held = new Held();
  held.take(deliveryOf('e1', told, 1, 2));
  expect(held.take(deliveryOf('e1', told, 4, 5))).toEqual({ kind: 'gap' });
  expect(held.entries).toHaveLength(2);
});

test.each([
  ['another entry in the place of one that was delivered', 2, 4],
  ['other entries behind one that was delivered', 3, 4],
  ['another entry alone', 2, 2],
])('%s is a fork', (_, from, to) => {
  const held = new Held();
  held.take(deliveryOf('e1', toldBy('e1', 3), 1, 2));
  expect(held.take(deliveryOf('e1', toldBy('e1', 4, 'another story'), from, to)).kind).toBe('forked');
  expect(held.entries).toHaveLength(2);
});

test.each<[string, (entry: SpoolEntry) => SpoolEntry]>([
  ['body', (entry) => ({ ...entry, body: { version: '9.9.9' } })],
  ['time', (entry) => ({ ...entry, occurred_at: '2026-01-01T00:00:00.001Z' })],
  ['kind', (entry) => ({ ...entry, kind: 'agent.stopped' })],
  ['offset', (entry) => ({ ...entry, clock_offset_ms: 1 })],
  ['number', (entry) => ({ ...entry, seq: 7 })],
  ['hash', (entry) => ({ ...entry, hash: FIRST_PREV_HASH })],
  ['body, to one without canonical text,', (entry) => ({ ...entry, body: { version: '\ud800' } })],
])('an entry whose %s was changed on the way is not taken, nor what comes with it', (_, changed) => {
  const told = toldBy('e1', 3);
  const delivery = deliveryOf('e1', told, 1, 3);
  const held = new Held();
  expect(held.take({ ...delivery, entries: [told[0]!, changed(told[1]!), told[2]!] }).kind).toBe('forked');
  expect(held.entries).toEqual([]);
});

test('an agent has one spool: that of another epoch is a fork, also where it begins anew', () => {
  expect(new Held().take(deliveryOf('e2', toldBy('e2', 1), 1, 1)).kind).toBe('forked');
});
