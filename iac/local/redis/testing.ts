import type { InstanceKey } from '@countersign/connectors/gateway/health/health-store.ts';
import { KEYS } from '@countersign/execution-plane/store/health-scripts.ts';
import type { RedisCache, Script } from '@countersign/platform/cache/redis-cache.ts';
import { anyFreePort } from '../cell/ports.ts';
import { ensureRedis } from './ensure-redis.ts';
import { startRedis } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';

/** A Redis of the test's own. */
export async function testRedis(port?: number): Promise<RedisServer> {
  return startRedis(await ensureRedis(() => undefined), port ?? await anyFreePort());
}

/** Redis's clock cannot be moved, so what it keeps is made older. ARGV: ms. */
const AGE: Script = {
  name: 'test.age', keys: KEYS.length,
  lua: `
    redis.call('DEL', KEYS[1])
    local ends_at, lives_ms = redis.call('HGET', KEYS[2], 'ends_at'), redis.call('PTTL', KEYS[2])
    if not ends_at then return 0 end
    redis.call('HSET', KEYS[2], 'ends_at', tonumber(ends_at) - ARGV[1])
    return redis.call('PEXPIRE', KEYS[2], math.max(0, lives_ms - ARGV[1]))`,
};

export async function letTimePassInRedis(cache: RedisCache, keys: readonly InstanceKey[], ms: number): Promise<void> {
  for (const { tenantId, instanceId } of keys) await cache.run(AGE, KEYS.map((name) => `countersign:health:{${tenantId}/${instanceId}}:${name}`), [ms]);
}
