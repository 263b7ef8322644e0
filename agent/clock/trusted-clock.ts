import type { SpoolClock } from '../spool/transaction.ts';

/** Answers of the cell that the offset is the median of: one that was slow on the way moves nothing. */
const SAMPLES = 5;
/** A machine that is further off than this is not corrected but stopped: something else is wrong with it, or somebody lies about the time. */
const BELIEVED_MS = 15 * 60_000;

/**
 * What time it is: this machine's clock, corrected by what the cell says of its own. Orders, bundles and certificates are judged by it, so it never goes
 * behind a time that the cell has signed.
 */
export class TrustedClock implements SpoolClock {
  readonly #machine: () => Date;
  #samples: number[] = [];
  #floor: number;

  /** @param floor the newest time that was seen signed, as it was kept over a restart */
  constructor(machine: () => Date, floor: Date = new Date(0)) {
    this.#machine = machine;
    this.#floor = floor.getTime();
  }

  now(): Date {
    return new Date(Math.max(this.#machine().getTime() + this.offset_ms(), this.#floor));
  }

  offset_ms(): number {
    return this.isTrusted() ? this.#median() : 0;
  }

  /** Whether the two clocks are near enough to one another for the time to be believed. A machine that has not heard yet believes itself. */
  isTrusted(): boolean {
    return Math.abs(this.#median()) <= BELIEVED_MS;
  }

  /** The cell answered with its time; half of the round trip was its way back. */
  learn(server_time: Date, rtt_ms: number): void {
    const offset = server_time.getTime() + rtt_ms / 2 - this.#machine().getTime();
    this.#samples = [...this.#samples, offset].slice(-SAMPLES);
  }

  /** The cell has signed something at this time, so it is not earlier. */
  notBefore(signed_at: Date): void {
    this.#floor = Math.max(this.#floor, signed_at.getTime());
  }

  get floor(): Date {
    return new Date(this.#floor);
  }

  #median(): number {
    return this.#samples.toSorted((a, b) => a - b)[this.#samples.length >> 1] ?? 0;
  }
}
