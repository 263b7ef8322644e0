import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisCache, Script } from '../cache/redis-cache.ts';
import type { Database } from '../postgres/database.ts';
import { FlexibleRateLimits, limitingInPostgres, sparing } from './flexible-rate-limits.ts';
import type { RateLimits } from './rate-limits.ts';

/** Several cells may share a Redis; tenants of two cells have different ids, and keys are digests of what names them. */
const KEY_PREFIX = 'countersign:rates';

/**
 * Counted in Redis, and in PostgreSQL for as long as Redis gives no answer: whoever asks is limited all the same. The two counts know nothing
 * of one another, so that in the minute in which Redis goes or comes back at most twice the points are given.
 */
export function redisRateLimits(cache: Pick<RedisCache, 'run'>, { pool }: Pick<Database, 'pool'>): RateLimits {
  const storeClient = new ScriptsOnCache(cache);
  return new FlexibleRateLimits((rate) => new RateLimiterRedis({
    storeClient, keyPrefix: KEY_PREFIX, points: rate.points, duration: rate.per_s, ...sparing(rate), insuranceLimiter: limitingInPostgres(pool, rate),
  }));
}

/** What RateLimiterRedis calls of an ioredis client, over our own: that one gives up after 250 ms and then rests for a second. */
class ScriptsOnCache {
  readonly #cache: Pick<RedisCache, 'run'>;
  #increment: Script | undefined;

  constructor(cache: Pick<RedisCache, 'run'>) {
    this.#cache = cache;
  }

  /** Each limiter brings the same script. */
  defineCommand(name: string, { numberOfKeys, lua }: { readonly numberOfKeys: number; readonly lua: string }): void {
    this.#increment = { name: `rate_limits.${name}`, keys: numberOfKeys, lua };
  }

  async rlflxIncr([key, ...values]: readonly [string, ...string[]]): Promise<unknown> {
    if (this.#increment === undefined) throw new TypeError('the limiter has not told its script');
    return this.#cache.run(this.#increment, [key], values);
  }
}
