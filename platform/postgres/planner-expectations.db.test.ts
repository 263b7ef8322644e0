import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

let database: TestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  // As the sessions have it that write the most: whatever is planned now is kept.
  await admin.query(`SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

test('a table of tenants that nobody has ever analysed is read by the whole of a row\'s key, not by all that its tenant has', async () => {
  const { rows: tables } = await admin.query<{ name: string; key: string }>(`
    SELECT c.conrelid::regclass::text AS name, min(i.relname) AS key
      FROM pg_constraint c JOIN pg_class i ON i.oid = c.conindid JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
     WHERE c.contype = 'p' AND c.connamespace = ANY ('{control,execution,audit}'::regnamespace[])
     GROUP BY 1 HAVING array_agg(a.attname::text ORDER BY a.attname) = '{id,tenant_id}' ORDER BY 1`);
  expect(tables.length).toBeGreaterThan(15);

  const wrong: string[] = [];
  for (const { name } of tables) {
    await admin.query(`PREPARE by_key (text, text) AS SELECT * FROM ${name} WHERE tenant_id = $1 AND id = $2`);
    const { rows } = await admin.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) EXECUTE by_key ('a', 'b')`);
    await admin.query('DEALLOCATE by_key');
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    if (!/Index Cond: .*tenant_id = \$1.*id = \$2/.test(plan) || plan.includes('Filter:')) wrong.push(`${name}\n${plan}`);
  }
  expect(wrong).toEqual([]);
});
