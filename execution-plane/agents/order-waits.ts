import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';

/** What was said of an order, for good. */
export type Told = { readonly kind: 'outcome'; readonly body: OutcomeBody } | { readonly kind: 'refused'; readonly refusal: OrderRefusal };

/** How waiting ended. `lost`: nothing was said, and nothing is to be expected soon. `stopped`: whoever waits does not wait any longer. */
export type Waited = Told | { readonly kind: 'lost'; readonly why: string } | { readonly kind: 'stopped' };

export interface AwaitedOrder {
  readonly tenantId: string;
  readonly agentId: string;
  readonly orderId: string;
}

interface Wait extends AwaitedOrder {
  readonly end: (waited: Waited) => void;
}

/** Who waits in this process for what becomes of which order. Everything of it is in the database too: whoever waits here only hears sooner. */
export class OrderWaits {
  readonly #waits = new Map<string, Wait>();

  /** Resolves when the order is settled, its agent is lost, `signal` aborts, or `most_ms` are over. */
  wait(order: AwaitedOrder, most_ms: number, signal: AbortSignal): Promise<Waited> {
    return new Promise((resolve) => {
      const stop = (): void => end({ kind: 'stopped' });
      const timer = setTimeout(() => end({ kind: 'lost', why: 'It has not said how the order ended, within the time that the order may take' }), most_ms);
      const end = (waited: Waited): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.#waits.delete(order.orderId);
        resolve(waited);
      };
      this.#waits.set(order.orderId, { ...order, end });
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  settle(orderId: string, told: Told): void {
    this.#waits.get(orderId)?.end(told);
  }

  lose(orderId: string, why: string): void {
    this.#waits.get(orderId)?.end({ kind: 'lost', why });
  }

  /** Those that are waited for now. */
  all(): readonly AwaitedOrder[] {
    return [...this.#waits.values()];
  }

  isWaitingFor(agentId: string): boolean {
    return this.all().some((wait) => wait.agentId === agentId);
  }
}
