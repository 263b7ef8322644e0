import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigints, booleans, byteStrings, floats, ints, texts } from './arrays.ts';
import { isOfServer } from './errors.ts';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';
import { newId } from '../ids/typeid.ts';

let database: TestDatabase;
const [a, b] = [newId('tenant'), newId('tenant')];
beforeAll(async () => { database = await createTestDatabase(); });
afterAll(() => database.drop());

const sql = (name: string, text: string) => ({ name: `test.${name}`, text });
const insert = sql('insert', `INSERT INTO execution.contents (tenant_id, id, kind, sealed, sha256, size_bytes, expires_at) VALUES ($1, $2, 'output', '\\x00', 'x', 1, now())`);
const count = sql('count', 'SELECT count(*)::int AS n FROM execution.contents WHERE id = $1');

describe('several statements in one trip', () => {
  it('see what those before them did, and commit together', async () => {
    const id = newId('content');
    const rows = await database.execution.atOnce([a], [{ statement: insert, values: [a, id] }, { statement: count, values: [id] }]);
    expect(rows).toEqual([[], [{ n: 1 }]]);
    expect(await database.execution.atOnce([a], [{ statement: count, values: [id] }])).toEqual([[{ n: 1 }]]);
  });

  it('none is committed when one of them is refused, and the connection goes on', async () => {
    const id = newId('content');
    const refused = database.execution.atOnce([a], [{ statement: insert, values: [a, id] }, { statement: insert, values: [a, id] }, { statement: count, values: [id] }]);
    await expect(refused).rejects.toSatisfy((error) => isOfServer(error) && (error as { code: string }).code === '23505');
    for (let again = 0; again < 2; again++) expect(await database.execution.atOnce([a], [{ statement: count, values: [id] }])).toEqual([[{ n: 0 }]]);
  });

  it('a statement that cannot be parsed is parsed anew when it is right', async () => {
    await expect(database.execution.atOnce([a], [{ statement: sql('changes', 'SELEC 1'), values: [] }, { statement: sql('behind', 'SELECT 2 AS n'), values: [] }])).rejects.toMatchObject({ code: '42601' });
    expect(await database.execution.atOnce([a], [{ statement: sql('changes', 'SELECT 1 AS n'), values: [] }, { statement: sql('behind', 'SELECT 2 AS n'), values: [] }])).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  });

  it('act for exactly the tenants named, and for nobody afterwards', async () => {
    const id = newId('content');
    await expect(database.execution.atOnce([b], [{ statement: insert, values: [a, id] }])).rejects.toMatchObject({ code: '42501' });
    await database.execution.atOnce([a, b], [{ statement: insert, values: [a, id] }, { statement: insert, values: [b, id] }]);
    expect(await database.execution.atOnce([a, b], [{ statement: count, values: [id] }])).toEqual([[{ n: 2 }]]);
    expect(await database.execution.atOnce([b], [{ statement: count, values: [id] }])).toEqual([[{ n: 1 }]]);
    expect(await database.execution.atOnce([], [{ statement: count, values: [id] }])).toEqual([[{ n: 0 }]]);
    await expect(database.execution.atOnce(["x', true); --"], [])).rejects.toMatchObject({ code: 'tenant_id_invalid' });
  });

  it('a connection that breaks leaves it open whether they were committed', async () => {
    const ending = database.execution.atOnce([a], [{ statement: sql('end', 'SELECT pg_terminate_backend(pg_backend_pid())'), values: [] }]);
    await expect(ending).rejects.toSatisfy((error) => !isOfServer(error));
    expect(await database.execution.atOnce([a], [{ statement: sql('one', 'SELECT 1 AS n'), values: [] }])).toEqual([[{ n: 1 }]]);
  });
});

it('arrays arrive as they were given', async () => {
  const [rows] = await database.execution.atOnce([], [{
    statement: sql('arrays', 'SELECT $1::text[] AS texts, $2::bytea[] AS bytes, $3::int[] AS ints, $4::bigint[] AS bigints, $5::float8[] AS floats, $6::boolean[] AS booleans, $7::text[] AS none'),
    values: [texts(['', 'ä "quoted", \\ {}', null]), byteStrings([Buffer.from([0, 255]), null]), ints([-1, null]), bigints(['9223372036854775807']), floats([0.25, null]), booleans([true, false]), texts([])],
  }]);
  expect(rows).toEqual([{
    texts: ['', 'ä "quoted", \\ {}', null], bytes: [Buffer.from([0, 255]), null], ints: [-1, null], bigints: ['9223372036854775807'], floats: [0.25, null], booleans: [true, false], none: [],
  }]);
});
