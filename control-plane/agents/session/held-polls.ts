/** One poll that is held until there may be something new for its agent. */
export interface HeldPoll {
  /** A newer poll of the same agent has come: this one waits for nothing any more. */
  readonly isOver: boolean;
  /** Resolves when there may be something new, when `signal` aborts, when `most_ms` are over, or when a newer poll takes its place. */
  news(most_ms: number, signal: AbortSignal): Promise<void>;
  /** Gives the place back. */
  end(): void;
}

interface Place {
  readonly tenantId: string;
  readonly agentId: string;
  let_go: () => void;
  isWoken: boolean;
  isOver: boolean;
}

/** The long polls of agents, one of each: an agent that polls again has given up the one before. */
export class HeldPolls {
  readonly #places = new Map<string, Place>();

  get count(): number {
    return this.#places.size;
  }

  /** Takes the place before the caller does anything else, so that nothing falls between looking and waiting. */
  begin(tenantId: string, agentId: string): HeldPoll {
    const before = this.#places.get(agentId);
    if (before !== undefined) {
      before.isOver = true;
      before.let_go();
    }
    const place: Place = { tenantId, agentId, let_go: () => undefined, isWoken: false, isOver: false };
    this.#places.set(agentId, place);
    return {
      get isOver() { return place.isOver; },
      news: (most_ms, signal) => wait(place, most_ms, signal),
      end: () => { if (this.#places.get(agentId) === place) this.#places.delete(agentId); },
    };
  }

  wakeAgent(tenantId: string, agentId: string): void {
    const place = this.#places.get(agentId);
    if (place?.tenantId === tenantId) wake(place);
  }

  wakeTenant(tenantId: string): void {
    for (const place of this.#places.values()) if (place.tenantId === tenantId) wake(place);
  }

  /** Notifications may have been missed. */
  wakeAll(): void {
    for (const place of this.#places.values()) wake(place);
  }
}

function wake(place: Place): void {
  place.isWoken = true;
  place.let_go();
}

async function wait(place: Place, most_ms: number, signal: AbortSignal): Promise<void> {
  if (!place.isWoken && !place.isOver && !signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, most_ms);
    const gone = (): void => resolve();
    place.let_go = resolve;
    signal.addEventListener('abort', gone);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', gone);
  }
  place.isWoken = false;
}
