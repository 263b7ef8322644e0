import type { Logger } from '@countersign/platform/log/logger.ts';

export interface LoopOptions {
  readonly name: string;
  /** Pause after a turn with nothing to do. */
  readonly idle_ms: number;
  /** Pause after a turn that did something; 0 goes on at once. */
  readonly busy_ms: number;
  readonly log: Logger;
}

/** One thing done over and over until stopped. A turn that fails is logged and tried again after a pause that grows to 5 s. */
export class Loop {
  readonly #options: LoopOptions;
  /** Gives whether there was something to do. */
  readonly #turn: () => Promise<boolean>;
  #running: Promise<void> | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #wakeAsked = false;

  constructor(options: LoopOptions, turn: () => Promise<boolean>) {
    this.#options = options;
    this.#turn = turn;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the pause, if there is one. */
  wake(): void {
    this.#wakeAsked = true;
    this.#wake?.();
  }

  /** Resolves when the turn under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      this.#wakeAsked = false;
      try {
        const busy = await this.#turn();
        failures = 0;
        await this.#pause(busy ? this.#options.busy_ms : this.#options.idle_ms);
      } catch (error) {
        failures += 1;
        this.#options.log.error({ err: error, loop: this.#options.name, failures }, 'a turn failed');
        await this.#pause(Math.min(5_000, 100 * 2 ** failures));
      }
    }
  }

  #pause(pause_ms: number): Promise<void> {
    if (this.#stopped || this.#wakeAsked) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
