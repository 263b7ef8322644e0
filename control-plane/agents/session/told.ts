/** An order that was offered and of which nothing was heard is offered again after this: the answer may have been lost on the way. */
const OFFERED_AGAIN_MS = 2_000;

interface ToldOne {
  /** What the last answer said, but for orders. */
  said: string | null;
  readonly offered_ms: Map<string, number>;
}

/**
 * What this process has told each agent, so that a poll is answered at once only when there is something new. Losing it costs one answer too many
 * for each agent.
 */
export class Told {
  readonly #agents = new Map<string, ToldOne>();
  readonly #now: () => number;

  /** `now`: of a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether `said` is not what it was told last. */
  isNews(agentId: string, said: string): boolean {
    return this.#agents.get(agentId)?.said !== said;
  }

  /** Those of `orders` that it is time to offer. */
  due<Order extends { readonly id: string }>(agentId: string, orders: readonly Order[]): Order[] {
    const offered = this.#agents.get(agentId)?.offered_ms;
    const now = this.#now();
    return orders.filter(({ id }) => now - (offered?.get(id) ?? -Infinity) >= OFFERED_AGAIN_MS);
  }

  /** For how long at most a poll is held while `orders` wait for being offered again. */
  holdAtMost_ms(left_ms: number, orders: readonly unknown[]): number {
    return orders.length === 0 ? left_ms : Math.min(left_ms, OFFERED_AGAIN_MS);
  }

  /** An answer has been given. `waiting`: all that could have been offered; what is not among them any more is forgotten. */
  told(agentId: string, said: string, offered: ReadonlyArray<{ readonly id: string }>, waiting: ReadonlyArray<{ readonly id: string }>): void {
    const before = this.#agents.get(agentId)?.offered_ms;
    const still = new Map(waiting.flatMap(({ id }) => {
      const at = before?.get(id);
      return at === undefined ? [] : [[id, at] as const];
    }));
    for (const { id } of offered) still.set(id, this.#now());
    this.#agents.set(agentId, { said, offered_ms: still });
  }

  forget(agentId: string): void {
    this.#agents.delete(agentId);
  }
}
