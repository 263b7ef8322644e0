import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';

/** What is found is told in entries of at most this, so that each can be delivered. */
const ENTRY_BYTES = 256 * 1024;

export interface Found {
  /** Where it was looked from. */
  readonly before: string | null;
  /** Where to look from the next time. */
  readonly cursor: string;
  readonly payloads: readonly JsonObject[];
}

/**
 * Writes what was found and where to go on, at once. Only the last of several entries moves the cell's cursor: whoever goes on after a part of them finds the rest
 * again.
 */
export function tellFound(tx: SpoolTransaction, { id, instance }: WorkOrder, { before, cursor, payloads }: Found): void {
  const parts = inParts(payloads);
  const cursorAfter = (at: number): string => (at === parts.length - 1 ? cursor : before ?? cursor);
  const seqs = parts.map((part, at) => tx.append('trigger.found', { order_id: id, instance_id: instance.id, cursor: cursorAfter(at), payloads: part }));
  tx.keep(nameOf(instance.id), JSON.stringify({ cursor, seq: seqs.at(-1) } satisfies KeptCursor));
}

/** Where to look from: the cell's place, unless this agent has found more that the cell has not heard of. */
export function cursorOf(tx: SpoolTransaction, { instance, watch }: WorkOrder, delivered_seq: number): string | null {
  const text = tx.kept(nameOf(instance.id));
  const kept = text === undefined ? null : JSON.parse(text) as KeptCursor;
  if (kept !== null && (kept.seq ?? 0) > delivered_seq) return kept.cursor;
  return watch?.cursor ?? kept?.cursor ?? null;
}

interface KeptCursor {
  readonly cursor: string;
  readonly seq: number | undefined;
}

function nameOf(instanceId: string): string {
  return `watch/${instanceId}`;
}

/** One part where there is nothing, so that the cursor is told. */
function inParts(payloads: readonly JsonObject[]): JsonObject[][] {
  const parts: JsonObject[][] = [[]];
  let bytes = 0;
  for (const payload of payloads) {
    const size = Buffer.byteLength(JSON.stringify(payload));
    if (bytes + size > ENTRY_BYTES && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(payload);
    bytes += size;
  }
  return parts;
}
