import { CompileError } from './errors.ts';

/** Compilations at once in this process, and how many more may wait. Each may use a core and half a gigabyte. */
const RUNNING = 2;
const WAITING = 8;

/** Lets a bounded number of pieces of work run, a bounded number wait in order, and refuses the rest. */
export class Slots {
  readonly #running: number;
  readonly #waiting: number;
  readonly #queue: Array<() => void> = [];
  #busy = 0;

  constructor(running: number, waiting: number) {
    this.#running = running;
    this.#waiting = waiting;
  }

  /** @throws CompileError `compiler_busy`; the signal's reason where it ends the wait */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#busy < this.#running) {
      this.#busy += 1;
      return;
    }
    if (this.#queue.length >= this.#waiting) throw new CompileError('compiler_busy', `${this.#busy} policies are being compiled and ${this.#queue.length} wait. Try again in some seconds.`);
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leaveQueue);
        resolve();
      };
      const leaveQueue = (): void => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal?.reason as Error);
      };
      this.#queue.push(enter);
      signal?.addEventListener('abort', leaveQueue, { once: true });
    });
  }

  /** The place goes to who has waited longest, and is never free in between. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#busy -= 1;
    else next();
  }
}

/** Of this process: what is bounded is the machine, not one caller. */
export const compilerSlots = new Slots(RUNNING, WAITING);
