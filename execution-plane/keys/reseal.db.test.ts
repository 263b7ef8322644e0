import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { Reseal } from '@countersign/platform/keys/reseal.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import { Plant } from '../testing/plant.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

let plant: Plant;
beforeAll(async () => { plant = await Plant.open(); });
afterAll(() => plant.close());

const insert: Statement = { name: 'test.content', text: `INSERT INTO execution.contents (tenant_id, id, kind, sealed, sha256, size_bytes, expires_at) VALUES ($1, $2, 'output', $3, 'x', 4, clock_timestamp() + interval '1 day')` };
const firstBytes: Statement = { name: 'test.first_bytes', text: 'SELECT get_byte(sealed, 0) AS version, count(*)::int AS rows FROM execution.contents WHERE tenant_id = $1 GROUP BY 1' };

test('content of before keys were random is sealed anew by batches, and opened as it was', async () => {
  const { tenantId } = plant.ids;
  const file = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const ring = await openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl });
  const ids = Array.from({ length: 450 }, () => newId('content'));
  await plant.database.execution.forTenant(tenantId, async (tx) => {
    for (const id of ids) await tx.change(insert, [tenantId, id, await file.seal(tenantId, 'content', id, Buffer.from(id))]);
  });
  const reseal = new Reseal({ database: plant.database.execution, keys: ring.keys, log: createLogger('worker', 'silent'), plane: 'execution', columns: SEALED_COLUMNS, settle_s: 0 });
  let turns = 0;
  while (await reseal.turn(tenantId)) turns += 1;
  // 200, 200 and 50 rows.
  expect(turns).toBe(3);
  expect(await plant.database.execution.forTenant(tenantId, (tx) => tx.rows(firstBytes, [tenantId]))).toEqual([{ version: 2, rows: 450 }]);
  const [row] = await plant.database.execution.forTenant(tenantId, (tx) => tx.rows<{ sealed: Buffer }>({ name: 'test.one', text: 'SELECT sealed FROM execution.contents WHERE tenant_id = $1 AND id = $2' }, [tenantId, ids[449]]));
  expect(Buffer.from(await ring.keys.unseal(tenantId, 'content', ids[449]!, row!.sealed)).toString()).toBe(ids[449]);
  await ring.close();
});

test('no column of sealed bytes is forgotten, and every one may be written', async () => {
  const { rows } = await plant.database.execution.pool.query<{ place: string; may: boolean }>(`
    SELECT n.nspname || '.' || c.relname || '.' || a.attname AS place, has_column_privilege(c.oid, a.attnum, 'UPDATE') AS may
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'execution' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype AND a.attname LIKE '%sealed' ORDER BY 1`);
  expect(rows).toEqual(SEALED_COLUMNS.map(({ table, column }) => ({ place: `${table}.${column}`, may: true })).toSorted((a, b) => a.place.localeCompare(b.place)));
});
