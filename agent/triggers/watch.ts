import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { GatewayLog } from '@countersign/connectors/gateway/parts.ts';
import { governedReads } from '@countersign/connectors/gateway/governed-reads.ts';
import type { JsonObject, Reconciler } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { pause } from '../clock/waits.ts';
import { RunningOrder } from '../gateway/running-order.ts';
import type { OrderClock, RunningOrders } from '../gateway/running-order.ts';
import type { KeptContent } from '../orders/accept-order.ts';
import type { Spool } from '../spool/spool.ts';
import { cursorOf, tellFound } from './found-entry.ts';

export interface WatchParts {
  readonly gateway: Pick<RunningGateway, 'call'>;
  readonly orders: RunningOrders;
  readonly spool: Spool;
  readonly clock: OrderClock;
  readonly log: GatewayLog;
  /** Nothing is looked for while the agent takes no work. */
  readonly isDraining: () => boolean;
}

/**
 * Looks for events of one instance, again and again until the order's time is over: every read is decided on by policy like that of a step, and what is found goes
 * into the spool together with where to go on from. Whether it was known already is for the cell to see.
 */
export class Watch {
  readonly #parts: WatchParts;
  readonly #running: RunningOrder;
  readonly #reconciler: Reconciler;
  readonly #ending = new AbortController();
  /** Resolves when nothing of it goes on any more. */
  readonly ended: Promise<void>;
  #polls = 0;

  constructor(parts: WatchParts, content: KeptContent, reconciler: Reconciler) {
    this.#parts = parts;
    this.#running = new RunningOrder(content, parts.clock, { findsOut: false, signal: this.#ending.signal });
    this.#reconciler = reconciler;
    this.ended = this.#loop();
  }

  get order(): WorkOrder {
    return this.#running.order;
  }

  stop(): Promise<void> {
    this.#ending.abort();
    return this.ended;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted && this.#running.mayBegin()) {
      await this.#turn();
      await pause(this.order.watch!.every_ms, signal);
    }
  }

  async #turn(): Promise<void> {
    const { spool, isDraining, orders, log } = this.#parts;
    if (isDraining() || !spool.room().open) return;
    orders.begin(this.#running);
    try {
      await this.#poll();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const why = error instanceof ConnectorError ? { code: error.code, reason: error.message } : { err: error };
      log.warn({ instance: this.order.instance.name, ...why }, 'an instance could not be looked at for events; it is tried again');
    } finally {
      this.#running.usage.length = 0;
      orders.end(this.#running);
    }
  }

  async #poll(): Promise<void> {
    const { spool, clock, gateway } = this.#parts;
    const { instance: { id, name, settings } } = this.order;
    this.#polls += 1;
    const call = governedReads({ gateway, identity: { ...this.#running.identity, callKey: `poll-${this.#polls}` }, instanceName: name, signal: this.#running.signal });
    const before = await spool.commit((tx) => cursorOf(tx, this.order, spool.room().delivered_seq));
    const { cursor, found } = await this.#reconciler.poll({ instance: { id, name, settings: settings as JsonObject }, now: clock.now, call }, before);
    if (cursor === before && found.length === 0) return;
    await spool.commit((tx) => tellFound(tx, this.order, { before, cursor, payloads: found }));
  }
}
