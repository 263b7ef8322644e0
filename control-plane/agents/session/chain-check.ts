import type { DeliverRequest } from '@countersign/contracts/agent/protocol.ts';
import { entryHash } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolHead } from './repository-entries.ts';

/** What a delivery is to the cell: entries that it does not have yet, or the reason why none of it is taken. */
export type Delivery =
  | { readonly kind: 'continues'; readonly fresh: readonly SpoolEntry[] }
  /** Entries between the head and the first of these are nowhere. */
  | { readonly kind: 'gap' }
  /** What the agent tells now is not what it told before, or its hashes do not hold. */
  | { readonly kind: 'forked'; readonly why: string };

/**
 * Judges a delivery against what the cell holds. What it holds already is skipped when it is the same: an answer was lost on the way.
 *
 * @param heldAt hash of the entry `boundary` as the cell holds it: the last that both have, see `boundaryOf`
 */
export function judge({ epoch, first_seq, prev_hash, entries }: DeliverRequest, head: SpoolHead, heldAt: string): Delivery {
  if (epoch !== head.epoch) return { kind: 'forked', why: `The agent's spool is of epoch ${head.epoch}, and this is of ${epoch}.` };
  if (first_seq > head.seq + 1) return { kind: 'gap' };
  const broken = brokenAt({ epoch, first_seq, prev_hash, entries });
  if (broken !== undefined) return { kind: 'forked', why: `The entry ${broken} does not follow from the one before it.` };
  const boundary = boundaryOf({ first_seq, entries }, head);
  const said = boundary < first_seq ? prev_hash : entries[boundary - first_seq]?.hash;
  // A hash covers all that came before it: where the last that both have is the same, all are.
  if (said !== heldAt) return { kind: 'forked', why: `The entry ${boundary} is not the one that was delivered before.` };
  return { kind: 'continues', fresh: entries.slice(Math.max(0, head.seq + 1 - first_seq)) };
}

/** The number of the last entry that both the cell and the delivery know; 0 where there is none. */
export function boundaryOf({ first_seq, entries }: Pick<DeliverRequest, 'first_seq' | 'entries'>, head: SpoolHead): number {
  return Math.min(head.seq, first_seq + entries.length - 1);
}

/** The first entry whose number or hash is not the one that follows. */
function brokenAt({ epoch, first_seq, prev_hash, entries }: DeliverRequest): number | undefined {
  let before = prev_hash;
  for (const [i, entry] of entries.entries()) {
    if (entry.seq !== first_seq + i || hashOf(epoch, before, entry) !== entry.hash) return entry.seq;
    before = entry.hash;
  }
  return undefined;
}

/** Null for a body that has no canonical text: it has no hash either. */
function hashOf(epoch: string, before: string, entry: SpoolEntry): string | null {
  try {
    return entryHash(epoch, before, entry);
  } catch {
    return null;
  }
}
