import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CIRCUIT_RULES } from '@countersign/connectors/gateway/health/health-store.ts';
import type { InstanceKey } from '@countersign/connectors/gateway/health/health-store.ts';
import { instanceHealthConformance } from '@countersign/connectors/gateway/testing/instance-health-conformance.ts';
import { PostgresInstanceHealth } from '@countersign/execution-plane/store/postgres-instance-health.ts';
import { RedisInstanceHealth } from '@countersign/execution-plane/store/redis-instance-health.ts';
import { letTimePassForHealth } from '@countersign/execution-plane/testing/queries.ts';
import { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { letTimePassInRedis, testRedis } from './testing.ts';
import type { RedisServer } from './redis-server.ts';

let made: TestDatabase;
let database: Database;
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
  [made, server] = await Promise.all([createTestDatabase(), testRedis()]);
  database = new Database({ url: made.executionUrl, applicationName: 'instance health test', maxConnections: 10 });
  cache = await connected(server.url);
}, 120_000);

afterAll(async () => {
  for (const one of opened) one.close();
  await Promise.all([server.stop(), database.close()]);
  await made.drop();
});

function newKey(): InstanceKey {
  return { tenantId: newId('tenant'), instanceId: newId('connector_instance') };
}

/** How often Postgres was asked. */
function counting(): { store: PostgresInstanceHealth; asked: () => number } {
  let asked = 0;
  database.pool.on('acquire', () => { asked += 1; });
  return { store: new PostgresInstanceHealth(database), asked: () => asked };
}

instanceHealthConformance('Redis before Postgres', () => {
  const keys: InstanceKey[] = [];
  return {
    store: new RedisInstanceHealth(cache, new PostgresInstanceHealth(database)),
    newKey: () => { keys.push(newKey()); return keys.at(-1)!; },
    pass: async (ms) => {
      await database.forTenants(keys.map((key) => key.tenantId), (tx) => letTimePassForHealth(tx, ms));
      await letTimePassInRedis(cache, keys, ms);
    },
  };
});

describe('Redis before Postgres', () => {
  it('spares Postgres most of the asking and counting, and counts right', async () => {
    const { store, asked } = counting();
    const [one, two] = [new RedisInstanceHealth(cache, store), new RedisInstanceHealth(cache, store)];
    const key = newKey();
    await one.refresh(key, 0, 1_000);
    const before = asked();
    for (let requests = 0; requests < 100; requests++) await [one, two][requests % 2]!.refresh(key, 1, 1_000);
    expect(asked() - before).toBeLessThan(15);
    expect((await one.refresh(key, 0, 1_000)).window).toMatchObject({ limit: 1_000, count: 100, source: 'manifest' });
  });

  it('what one worker learns, the others know at once', async () => {
    const [one, two] = [1, 2].map(() => new RedisInstanceHealth(cache, new PostgresInstanceHealth(database)));
    const key = newKey();
    expect(await two!.refresh(key, 0, null)).toMatchObject({ circuit: 'closed' });
    for (let failure = 1; failure <= CIRCUIT_RULES.failures; failure++) await one!.failed(key, 'peer_timeout', CIRCUIT_RULES);
    expect(await two!.refresh(key, 0, null)).toMatchObject({ circuit: 'open', lastFailureCode: 'peer_timeout' });
    expect(await two!.takeProbe(key, CIRCUIT_RULES)).toBe(false);
  });

  it('counted ahead for one window is worth nothing in the next', async () => {
    const store = new RedisInstanceHealth(cache, new PostgresInstanceHealth(database));
    const key = newKey();
    await store.refresh(key, 1, 1_000);
    await store.learnt(key, { limit: 40, remaining: 10, resetsInMs: 30_000 });
    expect((await store.refresh(key, 0, 1_000)).window).toMatchObject({ limit: 40, count: 30 });
    expect((await store.refresh(key, 2, 1_000)).window).toMatchObject({ limit: 40, count: 32 });
  });
});

describe('Redis that goes and comes back', () => {
  const LIMIT = 60;

  it('never lets more through than the limit: gone for one worker, then for all, and back empty', async () => {
    const port = Number(new URL((await testRedis().then(async (own) => (await own.stop(), own))).url).port);
    let own = await testRedis(port);
    const key = newKey();
    const worker = (redis: RedisCache): RedisInstanceHealth => new RedisInstanceHealth(redis, new PostgresInstanceHealth(database));
    const nowhere = new RedisCache({ url: 'redis://127.0.0.1:1', onError: () => undefined });
    opened.push(nowhere);
    const workers = [worker(await connected(own.url)), worker(await connected(own.url)), worker(nowhere)];
    let sent = 0;
    const some = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const health = workers[i % workers.length]!;
        const { window } = await health.refresh(key, 0, LIMIT);
        if (window !== null && window.count >= window.limit) continue;
        sent += 1;
        await health.refresh(key, 1, LIMIT);
      }
    };
    await some(20);
    expect(sent).toBe(20);
    await own.stop();
    await some(20);
    own = await testRedis(port);
    await some(200);
    // What the lost Redis held was counted and never sent; nothing was sent and not counted.
    expect(sent).toBeLessThanOrEqual(LIMIT);
    expect(sent).toBeGreaterThan(LIMIT / 2);
    await own.stop();
  }, 60_000);

  it('keeps a circuit open that opened while it was there, and while it was gone', async () => {
    const own = await testRedis();
    const [with_, without] = [newKey(), newKey()];
    const store = new RedisInstanceHealth(await connected(own.url), new PostgresInstanceHealth(database));
    for (const key of [with_, without]) await store.refresh(key, 0, null);
    for (let failure = 1; failure <= CIRCUIT_RULES.failures; failure++) await store.failed(with_, 'http_503', CIRCUIT_RULES);
    await own.stop();
    for (let failure = 1; failure <= CIRCUIT_RULES.failures; failure++) await store.failed(without, 'http_503', CIRCUIT_RULES);
    for (const key of [with_, without]) expect(await store.refresh(key, 0, null)).toMatchObject({ circuit: 'open' });
  }, 60_000);
});
