import type { DeliverRequest } from '@countersign/contracts/agent/protocol.ts';
import { entryHash, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import type { EntryBodies, EntryKind, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';

/** What an agent has told after `count` starts of a version, in one chain. Another `version` is another story from the first entry on. */
export function toldBy(epoch: string, count: number, version = '0.3.0'): SpoolEntry[] {
  return chained(epoch, Array.from({ length: count }, () => said('agent.started', { version })));
}

export interface Said<Kind extends EntryKind = EntryKind> {
  readonly kind: Kind;
  readonly body: EntryBodies[Kind];
}

export function said<Kind extends EntryKind>(kind: Kind, body: EntryBodies[Kind]): Said<Kind> {
  return { kind, body };
}

export function chained(epoch: string, all: readonly Said[], occurred_at = '2026-01-01T00:00:00.000Z'): SpoolEntry[] {
  let before = FIRST_PREV_HASH;
  return all.map(({ kind, body }, i) => {
    const entry = { seq: i + 1, kind, occurred_at, clock_offset_ms: 0, body };
    before = entryHash(epoch, before, entry);
    return { ...entry, hash: before };
  });
}

/** The delivery of the entries `from` to `to`. */
export function deliveryOf(epoch: string, told: readonly SpoolEntry[], from: number, to: number): DeliverRequest {
  return { epoch, first_seq: from, prev_hash: told[from - 2]?.hash ?? FIRST_PREV_HASH, entries: told.slice(from - 1, to) };
}
