import { describe, expect, it } from 'vitest';
import { entryHash, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { EntryKind, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import { nameOf, orderId } from './agent-work.ts';
import { judge } from './judge.ts';

const EPOCH = 'agt_1';
const KINDS: readonly EntryKind[] = ['order.accepted', 'call', 'outcome'];
const FOUND = { order_id: orderId(0), instance_id: 'ins_1', payloads: [] };

/** Two orders one after the other, with a find between them, chained anew whatever `change` makes of them. */
function delivered(change: (entries: SpoolEntry[]) => SpoolEntry[] = (entries) => entries): SpoolEntry[] {
  const bodies = [...KINDS.map((kind) => [kind, { order_id: orderId(1) }] as const), ['trigger.found', { ...FOUND, cursor: '1' }] as const, ...KINDS.map((kind) => [kind, { order_id: orderId(2) }] as const)];
  const entries = bodies.map(([kind, body], i) => ({ seq: i + 1, kind, occurred_at: `2026-11-21T10:00:0${i}.000Z`, clock_offset_ms: 0, body, hash: '' }) as unknown as SpoolEntry);
  let before = FIRST_PREV_HASH;
  return change(entries).map((entry) => {
    before = entryHash(EPOCH, before, entry);
    return { ...entry, hash: before };
  });
}

const said = new Map(delivered().map((entry) => [entry.seq, nameOf(entry)]));
const eventsOf = (entries: readonly SpoolEntry[]) => entries.map(({ seq, occurred_at }) => ({ spool_seq: seq, occurred_at }));
const verdictOn = (entries: readonly SpoolEntry[], events = eventsOf(entries)) => judge(said, { epoch: EPOCH, entries }, events);
const renumbered = (entries: readonly SpoolEntry[]): SpoolEntry[] => entries.map((entry, i) => ({ ...entry, seq: i + 1, occurred_at: `2026-11-21T10:00:0${i}.000Z` }));
const NOTHING_WRONG = { lost: 0, duplicated: 0, out_of_order: 0, chain: 'whole', audited_wrongly: 0, findings: [] };

describe('the judge of an outage', () => {
  it('finds nothing where nothing is wrong, nor in what was written and never said', () => {
    expect(verdictOn(delivered())).toEqual(NOTHING_WRONG);
    expect(judge(new Map(), { epoch: EPOCH, entries: delivered() }, eventsOf(delivered()))).toEqual(NOTHING_WRONG);
  });

  it.each<[string, object, SpoolEntry[]]>([
    ['the last is missing', { lost: 2 }, delivered((entries) => entries.slice(0, -1))],
    ['one is missing and the others moved up', { lost: 7, out_of_order: 1 }, delivered((entries) => renumbered(entries.filter((_, i) => i !== 1)))],
    ['another one is in its place', { lost: 1, duplicated: 1, out_of_order: 1 }, delivered((entries) => entries.map((entry, i) => (i === 3 ? { ...entry, kind: 'call', body: { order_id: orderId(1) } as never } : entry)))],
    ['one comes again under its number', { duplicated: 2 }, delivered().flatMap((entry, i) => (i === 2 ? [entry, entry] : [entry]))],
    ['one comes again under another number', { duplicated: 1 }, delivered((entries) => [...entries, { ...entries[3]!, seq: 8, occurred_at: '2026-11-21T10:00:09.000Z' }])],
    ['two have changed places', { out_of_order: 7 }, delivered((entries) => [entries[1]!, entries[0]!, ...entries.slice(2)])],
    ['a time goes back', { out_of_order: 1 }, delivered((entries) => entries.map((entry, i) => (i === 5 ? { ...entry, occurred_at: '2026-11-21T09:00:00.000Z' } : entry)))],
    ['a body was changed', { chain: 'broken' }, delivered().map((entry, i) => (i === 3 ? { ...entry, body: { ...FOUND, cursor: '1', instance_id: 'ins_2' } } : entry))],
  ])('sees that %s', (_, expected, entries) => {
    const verdict = verdictOn(entries);
    expect(verdict).toMatchObject(expected);
    expect(verdict.findings).not.toHaveLength(0);
  });

  it.each<[string, (events: ReturnType<typeof eventsOf>) => ReturnType<typeof eventsOf>]>([
    ['has an entry not at all', (events) => events.slice(0, -1)],
    ['has an entry twice', (events) => [...events, events.at(-1)!]],
    ['gives another time', (events) => events.map((event, i) => (i === 3 ? { ...event, occurred_at: '2026-11-21T10:30:00.000Z' } : event))],
  ])('sees that the audit %s', (_, change) => {
    expect(verdictOn(delivered(), change(eventsOf(delivered())))).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, chain: 'whole', audited_wrongly: 1 });
  });
});
