import { statfsSync } from 'node:fs';
import type { Ballast } from './ballast.ts';

export interface SpoolLimits {
  /** What the file may hold. */
  readonly limit_bytes: number;
  /** What is put aside, and how much more than that the disk has to have for new work: as much again. */
  readonly reserve_bytes: number;
  /** What one order may need to say how it ends. */
  readonly promised_bytes_per_order: number;
}

export interface Held {
  /** What is in the file and in the log before it, without what was deleted. */
  readonly bytes: number;
  /** How much can be written before the file is longer than it is; less than nothing where the log, worked in, makes it longer. */
  readonly spare_bytes: number;
}

const TRIED_AGAIN_MS = 10_000;

/**
 * How much may still be begun: every order that was taken has room promised to say how it ends, under the limit and on the disk. When the disk is full
 * all the same, because somebody else filled it, the ballast is given up; new work begins only when it could be put aside again.
 */
export class Bounds {
  readonly limits: SpoolLimits;
  readonly #folder: string;
  readonly #ballast: Ballast;
  #triedAt = -Infinity;

  constructor(folder: string, ballast: Ballast, limits: SpoolLimits) {
    this.#folder = folder;
    this.#ballast = ballast;
    this.limits = limits;
  }

  /**
   * How many more orders there is room for.
   * @param under_way orders whose end is still to be told
   */
  orders({ bytes, spare_bytes }: Held, under_way: number): number {
    const { limit_bytes, reserve_bytes, promised_bytes_per_order } = this.limits;
    const free = this.freeBytes();
    if (free > 3 * reserve_bytes) this.#putAside();
    if (!this.#ballast.isWhole() || free + spare_bytes < 2 * reserve_bytes) return 0;
    const room = Math.min(limit_bytes - bytes, free + spare_bytes - reserve_bytes);
    return Math.max(0, Math.floor(room / promised_bytes_per_order) - under_way);
  }

  /** The disk is full: whether there was something to give up, so that what is under way can still be told. */
  giveUp(): boolean {
    return this.#ballast.release();
  }

  /** Of the disk. */
  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }

  /** Not at every look: where a quota keeps it from being whole, it is written in vain. */
  #putAside(): void {
    const now = performance.now();
    if (this.#ballast.isWhole() || now - this.#triedAt < TRIED_AGAIN_MS) return;
    this.#triedAt = now;
    this.#ballast.refill();
  }
}
