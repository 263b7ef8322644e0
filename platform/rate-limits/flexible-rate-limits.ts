import { hash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Database } from '../postgres/database.ts';
import type { Rate, RateLimits, Taken } from './rate-limits.ts';

/** A limiter for one rate. Those of the library have theirs for life. */
export type LimiterOf = (rate: Rate) => RateLimiterAbstract;

/** Rates are few: the defaults of a cell, and what tenants have set. */
const MAX_RATES = 1_000;

/** Limits counted by rate-limiter-flexible. */
export class FlexibleRateLimits implements RateLimits {
  readonly #limiterOf: LimiterOf;
  readonly #limiters = new Map<string, RateLimiterAbstract>();

  constructor(limiterOf: LimiterOf) {
    this.#limiterOf = limiterOf;
  }

  async take(key: string, rate: Rate): Promise<Taken> {
    try {
      return takenOf(await this.#limiter(rate).consume(hash('sha256', key, 'hex')), true);
    } catch (refusal) {
      // The library rejects with the result when there are no points left, and with an Error when it could not count.
      if (refusal instanceof RateLimiterRes) return takenOf(refusal, false);
      throw refusal;
    }
  }

  #limiter(rate: Rate): RateLimiterAbstract {
    const name = `${rate.points}/${rate.per_s}`;
    const known = this.#limiters.get(name);
    if (known !== undefined) return known;
    if (this.#limiters.size >= MAX_RATES) this.#limiters.delete(this.#limiters.keys().next().value ?? '');
    const limiter = this.#limiterOf(rate);
    this.#limiters.set(name, limiter);
    return limiter;
  }
}

/** Counted in control.rate_counters, so that all processes of a cell see the same. */
export function postgresRateLimits({ pool }: Pick<Database, 'pool'>): RateLimits {
  return new FlexibleRateLimits((rate) => limitingInPostgres(pool, rate));
}

export function limitingInPostgres(pool: Database['pool'], rate: Rate): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: pool, storeType: 'pool', schemaName: 'control', tableName: 'rate_counters', tableCreated: true, clearExpiredByTimeout: false,
    keyPrefix: '', points: rate.points, duration: rate.per_s, ...sparing(rate),
  });
}

/** Whoever has no points left costs the store nothing until the window is over. */
export function sparing({ points }: Rate): { readonly inMemoryBlockOnConsumed?: number } {
  return points > 0 ? { inMemoryBlockOnConsumed: points } : {};
}

/** Counted in this process alone. */
export function memoryRateLimits(): RateLimits {
  return new FlexibleRateLimits(({ points, per_s }) => new RateLimiterMemory({ keyPrefix: '', points, duration: per_s }));
}

function takenOf(result: RateLimiterRes, allowed: boolean): Taken {
  return { allowed, remaining: allowed ? result.remainingPoints : 0, reset_s: Math.max(1, Math.ceil(result.msBeforeNext / 1_000)) };
}
