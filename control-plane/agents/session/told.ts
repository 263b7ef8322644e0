import type { AdmittedAgent } from '../listener/admitted-agent.ts';

/** An order that was offered and of which nothing was heard is offered again after this. */
const OFFERED_AGAIN_MS = 2_000;

type Listener = Pick<AdmittedAgent, 'connection'>;

interface ToldOne {
  /** What the last answer said, but for orders. */
  readonly said: string;
  readonly offered_ms: ReadonlyMap<string, number>;
}

/**
 * What this process has told each agent on its connection, so that a poll is answered at once only when there is something new. What was told on a
 * connection before may never have been heard, or be forgotten by an agent that was started again.
 */
export class Told {
  /** By connection, which is one agent's: what is gone is not remembered. */
  readonly #connections = new WeakMap<object, ToldOne>();
  readonly #now: () => number;

  /** `now`: of a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether `said` is not what it was told last. */
  isNews(agent: Listener, said: string): boolean {
    return this.#connections.get(agent.connection)?.said !== said;
  }

  /** Those of `orders` that it is time to offer. */
  due<Order extends { readonly id: string }>(agent: Listener, orders: readonly Order[]): Order[] {
    const offered = this.#connections.get(agent.connection)?.offered_ms;
    const now = this.#now();
    return orders.filter(({ id }) => now - (offered?.get(id) ?? -Infinity) >= OFFERED_AGAIN_MS);
  }

  /** For how long at most a poll is held while `orders` wait for being offered again. */
  holdAtMost_ms(left_ms: number, orders: readonly unknown[]): number {
    return orders.length === 0 ? left_ms : Math.min(left_ms, OFFERED_AGAIN_MS);
  }

  /** An answer has been given. `waiting`: all that could have been offered; what is not among them any more is forgotten. */
  told(agent: Listener, said: string, offered: ReadonlyArray<{ readonly id: string }>, waiting: ReadonlyArray<{ readonly id: string }>): void {
    const before = this.#connections.get(agent.connection)?.offered_ms;
    const still = new Map(waiting.flatMap(({ id }) => {
      const at = before?.get(id);
      return at === undefined ? [] : [[id, at] as const];
    }));
    for (const { id } of offered) still.set(id, this.#now());
    this.#connections.set(agent.connection, { said, offered_ms: still });
  }
}
