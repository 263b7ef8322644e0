/**
 * What a thread is at, where others can read it while the thread is busy: a thread inside of an evaluation answers no messages. It is the
 * only way to tell the question that a policy does not get done with from those that wait behind it.
 */
export interface At {
  /** 0: nothing. */
  readonly ticket: number;
  readonly for_ms: number;
}

const BYTES = 16;
const IDLE = 0;

export function progressMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

export class Progress {
  readonly #ticket: Int32Array;
  readonly #began_ms: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#ticket = new Int32Array(memory, 0, 1);
    this.#began_ms = new Float64Array(memory, 8, 1);
  }

  begin(ticket: number): void {
    this.#began_ms[0] = monotonic_ms();
    Atomics.store(this.#ticket, 0, ticket);
  }

  end(): void {
    Atomics.store(this.#ticket, 0, IDLE);
  }

  read(): At {
    const ticket = Atomics.load(this.#ticket, 0);
    return { ticket, for_ms: ticket === IDLE ? 0 : monotonic_ms() - (this.#began_ms[0] ?? 0) };
  }
}

const OFFSET_MS = hrtime_ms() - performance.now();

/** `performance.now()` counts from the start of each thread; this clock is the same in all of them. */
export function monotonic_ms(): number {
  return performance.now() + OFFSET_MS;
}

function hrtime_ms(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
