import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import type { Script } from '@countersign/platform/cache/redis-cache.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { describeRateLimits } from '@countersign/platform/rate-limits/conformance.ts';
import { redisRateLimits } from '@countersign/platform/rate-limits/redis-rate-limits.ts';
import type { RateLimits } from '@countersign/platform/rate-limits/rate-limits.ts';
import type { RedisServer } from './redis-server.ts';
import { testRedis } from './testing.ts';

const RATE = { points: 3, per_s: 3_600 };
/** All counters, as the end of their windows would. */
const FORGET_ALL: Script = { name: 'test.forget_all', keys: 0, lua: `for _, key in ipairs(redis.call('KEYS', 'countersign:rates:*')) do redis.call('DEL', key) end` };
const ALL_KEYS: Script = { name: 'test.all_keys', keys: 0, lua: `return redis.call('KEYS', '*')` };

let database: TestDatabase;
let server: RedisServer;
let cache: RedisCache;
const opened: RedisCache[] = [];

async function connected(url: string): Promise<RedisCache> {
  const one = new RedisCache({ url, onError: () => undefined });
  opened.push(one);
  await one.connect();
  return one;
}

beforeAll(async () => {
  [database, server] = await Promise.all([createTestDatabase(), testRedis()]);
  cache = await connected(server.url);
}, 120_000);
afterAll(async () => {
  for (const one of opened) one.close();
  await Promise.all([server.stop(), database.drop()]);
});

const allowedOf = async (limits: RateLimits, key: string, times: number): Promise<boolean[]> => {
  const allowed = [];
  for (let index = 0; index < times; index += 1) allowed.push((await limits.take(key, RATE)).allowed);
  return allowed;
};
const inPostgres = async (): Promise<number> => (await database.control.forNoTenant((tx) => tx.one<{ count: number }>({ name: 'test.counters', text: 'SELECT count(*)::int AS count FROM control.rate_counters' }))).count;

describe('in Redis', () => {
  describeRateLimits(() => ({
    limits: redisRateLimits(cache, database.control), another: redisRateLimits(cache, database.control),
    expire: async () => { await cache.run(FORGET_ALL, [], []); },
  }));

  test('holds digests only, and PostgreSQL is not asked', async () => {
    await redisRateLimits(cache, database.control).take('key/of a name', RATE);
    const keys = await cache.run(ALL_KEYS, [], []) as string[];
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).toMatch(/^countersign:rates:[0-9a-f]{64}$/);
    expect(await inPostgres()).toBe(0);
  });
});

describe('where Redis gives no answer', () => {
  test('PostgreSQL counts, for all processes together', async () => {
    const nowhere = await connected('redis://127.0.0.1:1');
    const [one, another] = [redisRateLimits(nowhere, database.control), redisRateLimits(nowhere, database.control)];
    expect(await allowedOf(one, 'without', 2)).toEqual([true, true]);
    expect(await allowedOf(another, 'without', 2)).toEqual([true, false]);
  });

  test('Redis that goes and comes back empty gives nobody more than twice, each time', async () => {
    const own = await testRedis();
    const port = Number(new URL(own.url).port);
    const limits = redisRateLimits(await connected(own.url), database.control);
    expect(await allowedOf(limits, 'goes', 2)).toEqual([true, true]);
    await own.stop();
    expect(await allowedOf(limits, 'goes', 4)).toEqual([true, true, true, false]);
    const back = await testRedis(port);
    const again = redisRateLimits(await connected(back.url), database.control);
    expect(await allowedOf(again, 'goes', 4)).toEqual([true, true, true, false]);
    await back.stop();
  });

  test('it says so when PostgreSQL cannot count either', async () => {
    const broken = { pool: Object.assign(Object.create(database.control.pool) as typeof database.control.pool, { query: () => Promise.reject(new TypeError('no connection')) }) };
    await expect(redisRateLimits(await connected('redis://127.0.0.1:1'), broken).take('k', RATE)).rejects.toThrow('no connection');
  });
});
