/**
 * When a turn must stop: its time is over, or that of the whole chain of steps is (`ends`: the lease is lost, the worker stops). One signal for each
 * turn by hand, because composed signals and their timers cost more than the rest of a turn.
 */
export class TurnSignal {
  readonly #controller = new AbortController();
  readonly #ends: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #onEnd = (): void => { this.#controller.abort(this.#ends.reason); };

  constructor(ends: AbortSignal, timeoutMs: number) {
    this.#ends = ends;
    this.#timer = setTimeout(() => { this.#controller.abort(new DOMException('The time of the turn is over.', 'TimeoutError')); }, timeoutMs);
    if (ends.aborted) this.#onEnd();
    else ends.addEventListener('abort', this.#onEnd, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The turn is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#ends.removeEventListener('abort', this.#onEnd);
  }
}
