import type { EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import type { OpenEntry } from './entry-event.ts';

/** Kinds that are of an order. */
type OfOrder = 'order.accepted' | 'order.refused' | 'call' | 'outcome' | 'trigger.found';
const OF_ORDER: ReadonlySet<EntryKind> = new Set<OfOrder>(['order.accepted', 'order.refused', 'call', 'outcome', 'trigger.found']);

export function hasOrder(entry: OpenEntry): entry is OpenEntry<OfOrder> {
  return OF_ORDER.has(entry.kind);
}
