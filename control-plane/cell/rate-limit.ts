import type { Clock } from '@countersign/platform/clock/clock.ts';

const MAX_KEYS = 10_000;

/** How many at once, and how long until the next. */
export interface Rate {
  readonly burst: number;
  readonly refill_ms: number;
}

/** Refusals are audited at this rate, so that whoever sends rubbish cannot fill the trail. */
export const AUDITED_REFUSALS: Rate = { burst: 20, refill_ms: 3_000 };
/** Generous, because everybody behind one proxy shares an address. */
export const SIGN_IN_ATTEMPTS: Rate = { burst: 60, refill_ms: 1_000 };

/** Token buckets by key, in this process. What is left out is counted, and whoever is let through next learns how many. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { tokens: number; at_ms: number; suppressed_count: number }>();

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Null: not this one. @param cost what is taken; more than there is left is owed, so that nothing is too large for ever */
  take(key: string, cost = 1): { readonly suppressed_count: number } | null {
    const now_ms = this.#clock.now().getTime();
    const bucket = this.#bucket(key, now_ms);
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + Math.max(0, now_ms - bucket.at_ms) / this.#rate.refill_ms);
    bucket.at_ms = now_ms;
    if (bucket.tokens < 1) {
      bucket.suppressed_count += 1;
      return null;
    }
    bucket.tokens -= cost;
    const { suppressed_count } = bucket;
    bucket.suppressed_count = 0;
    return { suppressed_count };
  }

  #bucket(key: string, now_ms: number): { tokens: number; at_ms: number; suppressed_count: number } {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    // Forgetting the oldest key costs at most a few events more.
    if (this.#buckets.size >= MAX_KEYS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    const fresh = { tokens: this.#rate.burst, at_ms: now_ms, suppressed_count: 0 };
    this.#buckets.set(key, fresh);
    return fresh;
  }
}
