export interface LoopOptions {
  readonly name: string;
  /** Between two turns when nothing wakes it, give or take a quarter. */
  readonly everyMs: number;
  /** One turn. Gives whether there is more to do at once. Must not outlive `stop` for long. */
  readonly turn: () => Promise<boolean>;
  readonly onError: (name: string, error: unknown) => void;
}

const JITTER = 0.25;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * One thing done over and over, on a timer and whenever somebody wakes it. Turns never overlap; a wake-up during a turn causes
 * another one. A turn that fails is tried again after a growing pause, for ever.
 */
export class Loop {
  readonly #options: LoopOptions;
  #stopped = false;
  #woken = false;
  #endRest: (() => void) | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#endRest?.();
  }

  /** Resolves when the turn under way is over. No further turn begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endRest?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      const again = await this.#turn();
      if (this.#stopped) return;
      // Also when there is more: I/O of others gets its turn.
      await this.#rest(again || (this.#woken && this.#failures === 0) ? 0 : this.#pauseMs());
    }
  }

  async #turn(): Promise<boolean> {
    try {
      const again = await this.#options.turn();
      this.#failures = 0;
      return again;
    } catch (error) {
      this.#failures += 1;
      this.#options.onError(this.#options.name, error);
      return false;
    }
  }

  #pauseMs(): number {
    const base = this.#failures === 0 ? this.#options.everyMs : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    return base * (1 - JITTER + 2 * JITTER * Math.random());
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endRest = () => {
        // While it fails, wake-ups do not shorten the pause: the database may be down.
        if (this.#failures > 0 && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
