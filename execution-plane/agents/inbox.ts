import { entrySealContext } from '@countersign/contracts/agent/spool-entry.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { appendEvents } from '../store/repository-events.ts';
import { effectsOf } from './apply-entries.ts';
import type { Settlement } from './apply-entries.ts';
import type { EntrySource, OpenEntry } from './entry-event.ts';
import { hasOrder } from './entry-order.ts';
import type { FoundEvents } from './found-events.ts';
import { sealOutcome } from './outcomes-at-rest.ts';
import { lockInbox, moveInbox, readEntries, readNamedOrders, writeAgentCalls, writeOrderMoves } from './repository-inbox.ts';
import type { EntryRow, InboxCursor, OrderMove } from './repository-inbox.ts';

export interface InboxParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  readonly found: FoundEvents;
}

const MOST_AT_ONCE = { count: 500, bytes: 16 * 1024 * 1024 };

/** What one turn came to. */
export interface Taken {
  readonly settlements: readonly Settlement[];
  /** Whether events were found that start runs. */
  readonly foundSome: boolean;
}

/**
 * Makes true what an agent has delivered: in its order, each entry once, with the event of it, however often and wherever this runs. The cursor moves
 * in the transaction of what it stands for.
 */
export class Inbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** Takes up to 500 entries, waiting for whoever is at the same agent's; null where there are none left. */
  take(tenantId: string, agentId: string): Promise<Taken | null> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const cursor = await lockInbox(tx, tenantId, agentId);
      if (cursor === undefined) return null;
      const rows = await readEntries(tx, tenantId, agentId, cursor, MOST_AT_ONCE);
      const last = rows.at(-1);
      if (last === undefined) return null;
      const taken = await this.#apply(tx, sourceOf(tenantId, agentId, cursor), await this.#opened(tenantId, agentId, cursor.epoch, rows));
      await moveInbox(tx, tenantId, agentId, cursor.epoch, last.seq);
      return taken;
    });
  }

  async #apply(tx: Transaction, source: EntrySource, entries: readonly OpenEntry[]): Promise<Taken> {
    const { keys, clock, found } = this.#parts;
    const { tenantId, agentId, epoch } = source;
    const orders = await readNamedOrders(tx, tenantId, agentId, [...new Set(entries.flatMap((entry) => (hasOrder(entry) && typeof entry.body.order_id === 'string' ? [entry.body.order_id] : [])))]);
    const effects = effectsOf(source, entries, orders);
    await writeOrderMoves(tx, tenantId, await Promise.all(effects.settlements.map(async (one): Promise<OrderMove> => ({
      id: one.order.id, state: one.state, refusal: one.state === 'refused' ? one.refusal.slice(0, 100) : null,
      outcomeSealed: one.state === 'ended' ? await sealOutcome(keys, tenantId, one.body) : null,
    }))));
    await writeAgentCalls(tx, tenantId, agentId, epoch, effects.calls);
    const now = clock.now();
    let count = 0;
    for (const { body } of effects.found) count += await found.store(tx, source, body, now);
    await appendEvents(tx, effects.events, now);
    return { settlements: effects.settlements, foundSome: count > 0 };
  }

  /** A body that cannot be opened stops everything that follows it: nothing is passed over. */
  #opened(tenantId: string, agentId: string, epoch: string, rows: readonly EntryRow[]): Promise<OpenEntry[]> {
    return Promise.all(rows.map(async ({ sealed, occurred_at, received_at, ...row }) => {
      if (sealed === null) throw new TypeError(`The entry ${row.seq} of ${agentId} ended before it was made true.`);
      const body = await this.#parts.keys.unseal(tenantId, 'content', entrySealContext(agentId, epoch, row.seq), sealed);
      return { ...row, occurred_at: occurred_at.toISOString(), received_at: received_at.toISOString(), body: JSON.parse(Buffer.from(body).toString('utf8')) as OpenEntry['body'] };
    }));
  }
}

function sourceOf(tenantId: string, agentId: string, { epoch, pool_id: poolId, pool, workspace_id: workspaceId }: InboxCursor): EntrySource {
  return { tenantId, agentId, epoch, poolId, pool, workspaceId };
}
