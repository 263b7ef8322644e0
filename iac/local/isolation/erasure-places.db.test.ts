import { expect, test } from 'vitest';
import { CONTROL_TEXTS, NOT_SEARCHED } from '@countersign/control-plane/privacy/erasure/places.ts';
import { SEALED_PLACES } from '@countersign/control-plane/privacy/erasure/repository-sealed.ts';
import { SEALED } from '@countersign/execution-plane/erasure/erasure.ts';
import { EXECUTION_TEXTS } from '@countersign/execution-plane/erasure/places.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import { impersonalColumns, isImpersonal } from './impersonal-columns.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  /** It is one of a few words, or refers to another row. */
  readonly closed: boolean;
}

/** Every column in which a person could stand, of every table of tenants, as the database knows them. */
async function columnsOfTenants(): Promise<Column[]> {
  const database = await createTestDatabase();
  const rows = await database.control.forTenant(newId('tenant'), (tx) => tx.rows<Column>({ name: 'test.columns', text: `
    SELECT n.nspname || '.' || c.relname AS table, a.attname AS column,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
                      AND (k.contype = 'f' OR k.contype = 'c' AND cardinality(k.conkey) = 1 AND pg_get_constraintdef(k.oid) ~ '= ANY \\(\\(?ARRAY')) AS closed
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind IN ('r', 'p')
       AND (format_type(a.atttypid, NULL) IN ('text', 'text[]', 'jsonb', 'json', 'inet') OR (format_type(a.atttypid, NULL) = 'bytea' AND a.attname ~ 'sealed'))
       AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped) ORDER BY 1, 2` }));
  await database.drop();
  return rows;
}

test('an erasure searches every column in which a person can stand, or says that it does not, or it is written down why nobody stands there', async () => {
  const columns = await columnsOfTenants();
  expect(columns.length).toBeGreaterThan(500);
  const searched = new Set([...CONTROL_TEXTS, ...EXECUTION_TEXTS, ...SEALED_PLACES, ...SEALED].flatMap(({ table, columns: names }) => names.map((name) => `${table}.${name}`)));
  const isSaid = ({ table, column }: Column): boolean => [`${table.slice(0, table.indexOf('.'))}.*`, table, `${table}.${column}`].some((place) => place in NOT_SEARCHED);
  const forgotten = columns.filter((one) => !searched.has(`${one.table}.${one.column}`) && !isSaid(one) && !one.closed && !isImpersonal(one.table, one.column));
  expect(forgotten.map(({ table, column }) => `${table}.${column}`)).toEqual([]);

  const known = new Set(columns.flatMap(({ table, column }) => [table, `${table}.${column}`, 'audit.*']));
  const named = [...searched, ...impersonalColumns(), ...Object.keys(NOT_SEARCHED).filter((place) => /^(control|execution|audit)\./.test(place))];
  expect(named.filter((place) => !known.has(place))).toEqual([]);
  expect(impersonalColumns().filter((place) => searched.has(place) || place in NOT_SEARCHED)).toEqual([]);
}, 60_000);
