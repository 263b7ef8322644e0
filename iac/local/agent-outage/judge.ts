import { entryHash, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import { nameOf } from './agent-work.ts';

/** What the cell holds of one agent, in the order in which it took it. */
export interface Delivered {
  readonly epoch: string;
  readonly entries: readonly SpoolEntry[];
}

/** What the audit says of one entry: where it came from, and when it really happened. */
export interface Audited {
  readonly spool_seq: number;
  readonly occurred_at: string;
}

export interface Verdict {
  /** Entries that the agent said it wrote, and steps of orders and finds that must be between them, which the cell does not have. */
  readonly lost: number;
  readonly duplicated: number;
  readonly out_of_order: number;
  readonly chain: 'whole' | 'broken';
  /** Entries that have not exactly one event in the audit, in their order and of their time. */
  readonly audited_wrongly: number;
  /** The first of each. */
  readonly findings: readonly string[];
}

const STAGES = ['order.accepted', 'call', 'outcome'];
const FINDINGS_TOLD = 20;

/** Compares what the cell holds and its audit says with what the agent said, before it was killed, to have written: under this number exactly this. */
export function judge(written: ReadonlyMap<number, string>, { epoch, entries }: Delivered, events: readonly Audited[]): Verdict {
  const [lost, duplicated, disorder, unaudited] = [lostOf(written, entries), duplicatesOf(entries), disorderOf(entries), unauditedOf(entries, events)];
  const broken = brokenAt(epoch, entries);
  return {
    lost: lost.length, duplicated: duplicated.length, out_of_order: disorder.length, chain: broken === null ? 'whole' : 'broken', audited_wrongly: unaudited.length,
    findings: [...lost, ...duplicated, ...disorder, ...(broken === null ? [] : [broken]), ...unaudited].slice(0, FINDINGS_TOLD),
  };
}

function lostOf(written: ReadonlyMap<number, string>, entries: readonly SpoolEntry[]): string[] {
  const held = new Map(entries.map((entry) => [entry.seq, nameOf(entry)]));
  const missing = [...written].filter(([seq, name]) => held.get(seq) !== name).map(([seq, name]) => `${seq} ${name} was written, and the cell has ${held.get(seq) ?? 'nothing'} there`);
  const names = new Set(held.values());
  const halves = [...names].filter((name) => name.startsWith('order.accepted/')).flatMap((name) => STAGES.map((stage) => name.replace('order.accepted', stage))).filter((name) => !names.has(name));
  const finds = [...names].filter((name) => name.startsWith('trigger.found/')).length;
  const gaps = Array.from({ length: finds }, (_, n) => `trigger.found/${n + 1}`).filter((name) => !names.has(name));
  return [...missing, ...[...halves, ...gaps].map((name) => `${name} is nowhere`)];
}

function duplicatesOf(entries: readonly SpoolEntry[]): string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry) => [String(entry.seq), ...(entry.kind === 'spool.full' ? [] : [nameOf(entry)])]).filter((name) => {
    const isTwice = seen.has(name);
    seen.add(name);
    return isTwice;
  }).map((name) => `${name} is there twice`);
}

/** Numbers without a gap, times that do not go back, and of each order its steps one after the other. */
function disorderOf(entries: readonly SpoolEntry[]): string[] {
  const stageOf = new Map<string, number>();
  return entries.flatMap((entry, at) => {
    const { seq, occurred_at, kind, body } = entry;
    const before = entries[at - 1] ?? { seq: 0, occurred_at: '' };
    const wrong = seq === before.seq + 1 ? [] : [`${seq} comes after ${before.seq}`];
    if (occurred_at < before.occurred_at) wrong.push(`${seq} is of an earlier time than ${before.seq}`);
    const { order_id = '' } = body as { order_id?: string };
    if (!isNextStep(stageOf, order_id, kind)) wrong.push(`${seq}: ${kind} of ${order_id} is not its next step`);
    return wrong;
  });
}

function isNextStep(stageOf: Map<string, number>, order_id: string, kind: string): boolean {
  const stage = STAGES.indexOf(kind);
  if (stage === -1) return true;
  const isNext = stage === (stageOf.get(order_id) ?? -1) + 1;
  stageOf.set(order_id, stage);
  return isNext;
}

function unauditedOf(entries: readonly SpoolEntry[], events: readonly Audited[]): string[] {
  const missing = entries.filter(({ seq, occurred_at }, at) => events[at]?.spool_seq !== seq || events[at]?.occurred_at !== occurred_at).map(({ seq }, at) => `${seq} is not the event ${at + 1} of the agent in the audit`);
  return [...missing, ...events.slice(entries.length).map(({ spool_seq }) => `the audit has ${spool_seq} once more`)];
}

function brokenAt(epoch: string, entries: readonly SpoolEntry[]): string | null {
  let before = FIRST_PREV_HASH;
  for (const entry of entries) {
    if (entryHash(epoch, before, entry) !== entry.hash) return `the hash of ${entry.seq} does not follow from the one before`;
    before = entry.hash;
  }
  return null;
}
