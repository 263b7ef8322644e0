import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { KeptContent } from '../orders/accept-order.ts';
import { Watch } from './watch.ts';
import type { WatchParts } from './watch.ts';

/** The instances that this agent looks at for events: one watch each, by the newest order for it. */
export class Watches {
  readonly #parts: WatchParts;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #byInstance = new Map<string, Watch>();

  constructor(parts: WatchParts, connectors: ReadonlyMap<string, Connector>) {
    this.#parts = parts;
    this.#connectors = connectors;
  }

  /** Takes the place of the one before, which ends its look first. */
  async put(content: KeptContent): Promise<void> {
    const { instance } = content.order;
    const reconciler = this.#connectors.get(instance.connector)?.reconciler;
    const before = this.#byInstance.get(instance.id);
    if (before !== undefined && isNewer(before, content)) return this.#ended(content.order.id);
    await before?.stop();
    if (reconciler === undefined) return this.#ended(content.order.id);
    const watch = new Watch(this.#parts, content, reconciler);
    this.#byInstance.set(instance.id, watch);
    void watch.ended.then(() => this.#over(watch));
  }

  /** None of them is looked at any more; their orders stay open for the next start. */
  async close(): Promise<void> {
    const all = [...this.#byInstance.values()];
    this.#byInstance.clear();
    await Promise.all(all.map((watch) => watch.stop()));
  }

  async #over(watch: Watch): Promise<void> {
    const { id, instance } = watch.order;
    const isCurrent = this.#byInstance.get(instance.id) === watch;
    if (isCurrent) this.#byInstance.delete(instance.id);
    // Of a closed agent the order goes on with the next start.
    if (isCurrent || this.#byInstance.has(instance.id)) await this.#ended(id);
  }

  async #ended(order_id: string): Promise<void> {
    const { spool, log } = this.#parts;
    await spool.commit((tx) => tx.moveOrder(order_id, 'ended')).catch((error: unknown) => {
      log.error({ err: error, order_id }, 'the end of a watch could not be written down');
    });
  }
}

function isNewer({ order }: Watch, { order: other }: KeptContent): boolean {
  return BigInt(order.identity.step.fence) > BigInt(other.identity.step.fence);
}
