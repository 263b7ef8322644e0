import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../postgres/testing.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { describeRateLimits } from './conformance.ts';
import { memoryRateLimits, postgresRateLimits } from './flexible-rate-limits.ts';
import { forgetCounters } from './repository-rate-counters.ts';

let database: TestDatabase;
beforeAll(async () => { database = await createTestDatabase(); });
afterAll(() => database.drop());

const run = (text: string, values: readonly unknown[] = []): Promise<object[]> => database.control.forNoTenant((tx) => tx.rows({ name: text, text }, values));

describe('in PostgreSQL', () => {
  describeRateLimits(() => ({
    limits: postgresRateLimits(database.control), another: postgresRateLimits(database.control),
    expire: async () => { await run('UPDATE control.rate_counters SET expire = 1'); },
  }));

  test('holds digests only, and forgets what is over', async () => {
    await postgresRateLimits(database.control).take('key/of a name', { points: 1, per_s: 3_600 });
    const rows = await run('SELECT key FROM control.rate_counters');
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toEqual({ key: expect.stringMatching(/^:?[0-9a-f]{64}$/) });
    expect(await forgetCounters(database.control, new Date())).toBeLessThan(rows.length);
    await run('UPDATE control.rate_counters SET expire = 1');
    expect(await forgetCounters(database.control, new Date())).toBeGreaterThan(0);
    expect(await run('SELECT key FROM control.rate_counters')).toEqual([]);
  });

  test('says so when it cannot count', async () => {
    const broken = { pool: Object.assign(Object.create(database.control.pool) as typeof database.control.pool, { query: () => Promise.reject(new TypeError('no connection')) }) };
    await expect(postgresRateLimits(broken).take('k', { points: 1, per_s: 1 })).rejects.toThrow('no connection');
  });
});

describe('in this process', () => {
  let limits = memoryRateLimits();
  describeRateLimits(() => ({ limits, another: limits, expire: () => { limits = memoryRateLimits(); return Promise.resolve(); } }));
});
