import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { CallBody, EntryBodies, OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { entryEvent } from './entry-event.ts';
import type { EntrySource, OpenEntry } from './entry-event.ts';
import { hasOrder } from './entry-order.ts';
import { isKnownKind, isOfShape } from './entry-shapes.ts';
import type { AgentCall, NamedOrder } from './repository-inbox.ts';

export type Settlement = { readonly order: NamedOrder } & (
  | { readonly state: 'received' }
  | { readonly state: 'refused'; readonly refusal: OrderRefusal }
  | { readonly state: 'ended'; readonly body: OutcomeBody });

/** What entries make true, all of it in one transaction. */
export interface Effects {
  /** The last of each order. */
  readonly settlements: readonly Settlement[];
  readonly calls: readonly AgentCall[];
  readonly found: ReadonlyArray<{ readonly body: EntryBodies['trigger.found'] }>;
  readonly events: readonly NewAuditEvent[];
}

/**
 * What entries say, in their order, of the orders that their agent was given. What they say of an order that is over, or of none that it was given, and
 * what cannot be read, is in the audit and changes nothing.
 */
export function effectsOf(source: EntrySource, entries: readonly OpenEntry[], orders: ReadonlyMap<string, NamedOrder>): Effects {
  const standing = new Map([...orders].map(([id, { state }]) => [id, state]));
  const settlements = new Map<string, Settlement>();
  const calls: AgentCall[] = [];
  const found: Array<{ body: EntryBodies['trigger.found'] }> = [];
  const events: NewAuditEvent[] = [];
  for (const entry of entries) {
    // Of an agent that is newer than this cell.
    if (!isKnownKind(entry.kind)) continue;
    const isReadable = isOfShape(entry.kind, entry.body);
    const order = isReadable && hasOrder(entry) ? orders.get(entry.body.order_id ?? '') : undefined;
    events.push(entryEvent(source, entry, order?.run_id ?? null, isReadable));
    if (order === undefined) continue;
    if (entry.kind === 'call') calls.push({ seq: entry.seq, occurredAt: entry.occurred_at, order, body: entry.body as CallBody });
    if (entry.kind === 'trigger.found') {
      const body = entry.body as EntryBodies['trigger.found'];
      if (order.kind === 'watch' && order.instance_id === body.instance_id) found.push({ body });
    }
    const settlement = settlementBy(entry, order);
    if (settlement === null || !mayBecome(standing.get(order.id)!, settlement.state)) continue;
    standing.set(order.id, settlement.state);
    settlements.set(order.id, settlement);
  }
  return { settlements: [...settlements.values()], calls, found, events };
}

function settlementBy({ kind, body }: OpenEntry, order: NamedOrder): Settlement | null {
  if (kind === 'order.accepted') return { order, state: 'received' };
  if (kind === 'outcome') return { order, state: 'ended', body: body as OutcomeBody };
  if (kind !== 'order.refused') return null;
  const { refusal, envelope_sha256 } = body as EntryBodies['order.refused'];
  return isOfThisOrder(refusal, envelope_sha256, order) ? { order, state: 'refused', refusal } : null;
}

/**
 * An agent refuses whatever is given to it, and tells of it by the name that stands in it, unproven: only what has the very bytes of the order ends the
 * order. A replay says nothing of it either: the first of the two may be under way.
 */
function isOfThisOrder(refusal: OrderRefusal, envelopeSha256: string, order: NamedOrder): boolean {
  return refusal !== 'order_replayed' && envelopeSha256 === order.envelope_sha256;
}

/** As `WORK_ORDER_STATES` has it; what was received is not received again. */
function mayBecome(from: NamedOrder['state'], to: Settlement['state']): boolean {
  if (to === 'received') return from === 'queued';
  return from === 'queued' || from === 'received' || from === 'expired';
}
