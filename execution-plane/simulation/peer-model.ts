import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

/** What became of a request, as its sender learns it; and when, from the moment it is sent. */
export interface Answer {
  readonly after_ms: number;
  readonly is: 'done' | 'busy' | 'refused' | 'lost';
}

export interface PeerFaults {
  readonly busy: number;
  readonly refused: number;
  /** The request takes effect and its answer never comes. */
  readonly answer_lost: number;
  /** It is lost on its way. */
  readonly request_lost: number;
  /** It takes nearly as long as it may. */
  readonly slow: number;
}

const OFTEN_SLOW = 0.2;
const LEAST_TIMEOUT_MS = 300;

/**
 * The system of record. A request that was sent takes effect within the action's time-out or never: that is what the gateway relies on
 * (`reconcile-effect.ts`), and what a peer without an idempotency key of its own must keep.
 */
export class PeerModel {
  /** Moments at which each effect happened. */
  readonly applied = new Map<string, number[]>();
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  readonly #timeoutMs: number;
  readonly #idempotent: (effect: string) => boolean;
  faults: PeerFaults;

  constructor(timeline: Timeline, random: Seeded, timeoutMs: number, faults: PeerFaults, idempotent: (effect: string) => boolean) {
    this.#timeline = timeline;
    this.#random = random;
    this.#timeoutMs = timeoutMs;
    this.#idempotent = idempotent;
    this.faults = faults;
  }

  write(effect: string): Answer {
    const { busy, refused, answer_lost, request_lost, slow } = this.faults;
    const random = this.#random;
    const takes = random.chance(slow) ? random.between(Math.floor(this.#timeoutMs * 0.6), this.#timeoutMs - 1) : random.between(1, random.chance(OFTEN_SLOW) ? LEAST_TIMEOUT_MS : 40);
    if (random.chance(busy)) return { after_ms: takes, is: 'busy' };
    if (random.chance(refused)) return { after_ms: takes, is: 'refused' };
    if (random.chance(request_lost)) return { after_ms: this.#timeoutMs, is: 'lost' };
    // It happens whatever becomes of the sender.
    this.#timeline.after(takes, null, () => this.#apply(effect));
    return random.chance(answer_lost) ? { after_ms: this.#timeoutMs, is: 'lost' } : { after_ms: takes + random.between(0, 5), is: 'done' };
  }

  /** A look-up; null when it cannot be made. */
  has(effect: string): boolean | null {
    return this.#random.chance(this.faults.busy) ? null : this.applied.has(effect);
  }

  #apply(effect: string): void {
    const before = this.applied.get(effect);
    if (before !== undefined && this.#idempotent(effect)) return;
    this.applied.set(effect, [...(before ?? []), this.#timeline.now]);
  }
}
