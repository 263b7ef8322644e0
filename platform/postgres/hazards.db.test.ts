import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../ids/typeid.ts';
import { cleanJson } from '../text-safety/clean-json.ts';
import { Database } from './database.ts';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

/**
 * The fourteen ways in which PostgreSQL lets tenants see or touch one another's rows, or a worker write what is not its own any more. Each test
 * first shows the hole on something made badly in a schema of its own, so that it is known to be one, and then that ours is not like that.
 */

const OUR_SCHEMAS = ['control', 'execution', 'audit', 'app'];
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const [own, other] = [newId('tenant'), newId('tenant')];
const workspaceOf = { [own]: newId('workspace'), [other]: newId('workspace') };

let database: TestDatabase;
let admin: pg.Client;
let control: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = await connected(database.adminUrl);
  control = await connected(database.controlUrl);
  for (const [index, tenant] of [own, other].entries()) {
    await admin.query(`INSERT INTO control.tenant_directory (tenant_id, slug, region, cell) VALUES ($1, $2, 'us', 'local')`, [tenant, `tenant-${index}`]);
    await admin.query(`INSERT INTO control.tenants (tenant_id, name) VALUES ($1, 'A tenant')`, [tenant]);
    await admin.query(`INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, 'operations', 'Operations')`, [tenant, workspaceOf[tenant]]);
  }
  await admin.query('CREATE SCHEMA scratch; GRANT USAGE, CREATE ON SCHEMA scratch TO countersign_owner; GRANT USAGE ON SCHEMA scratch TO countersign_control');
});

afterAll(async () => {
  await Promise.all([admin.end(), control.end()]);
  await database.drop();
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** A table as ours are, but for what `flaw` adds or leaves out, with one row of each tenant. */
async function scratchTable(name: string, { columns = '', force = true }: { columns?: string; force?: boolean } = {}): Promise<string> {
  const table = `scratch.${name}`;
  await admin.query(`
    SET ROLE countersign_owner;
    CREATE TABLE ${table} (tenant_id text NOT NULL, id text NOT NULL ${columns});
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ${force ? `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;` : ''}
    CREATE POLICY tenant_of_control ON ${table} TO countersign_control USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id());
    GRANT SELECT, INSERT, UPDATE ON ${table} TO countersign_control;
    RESET ROLE`);
  for (const tenant of [own, other]) await admin.query(`INSERT INTO ${table} (tenant_id, id) VALUES ($1, $2)`, [tenant, `of ${tenant}`]);
  return table;
}

/** What the control plane gets from `text` while it acts for `tenant`; nothing of it stays. */
async function asControl(tenant: string | null, text: string, values: unknown[] = []): Promise<pg.QueryResult<Record<string, unknown>>> {
  await control.query('BEGIN');
  try {
    if (tenant !== null) await control.query(`SELECT set_config('app.tenant_id', $1, true)`, [tenant]);
    return await control.query<Record<string, unknown>>(text, values);
  } finally {
    await control.query('ROLLBACK');
  }
}

test('1. the owner of a table without FORCE sees every row', async () => {
  const table = await scratchTable('unforced', { force: false });
  await admin.query('SET ROLE countersign_owner');
  expect((await admin.query(`SELECT FROM ${table}`)).rowCount).toBe(2);
  expect((await admin.query('SELECT FROM control.workspaces')).rowCount).toBe(0);
  await admin.query('RESET ROLE');
  const { rows } = await admin.query(`SELECT c.oid::regclass AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND c.relrowsecurity AND NOT c.relforcerowsecurity`, [OUR_SCHEMAS]);
  expect(rows).toEqual([]);
});

test('2. a view of a superuser shows every row, unless it asks with the rights of whoever reads', async () => {
  await admin.query('CREATE VIEW scratch.all_workspaces AS SELECT * FROM control.workspaces; GRANT SELECT ON scratch.all_workspaces TO countersign_control');
  expect((await asControl(own, 'SELECT FROM scratch.all_workspaces')).rowCount).toBe(2);
  await admin.query('ALTER VIEW scratch.all_workspaces SET (security_invoker = true)');
  expect((await asControl(own, 'SELECT FROM scratch.all_workspaces')).rowCount).toBe(1);
  const { rows } = await admin.query(`SELECT c.oid::regclass AS view FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1) AND c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)`, [OUR_SCHEMAS]);
  expect(rows).toEqual([]);
});

test('3. a materialised view has no row-level security', async () => {
  await admin.query('CREATE MATERIALIZED VIEW scratch.kept_workspaces AS SELECT * FROM control.workspaces; GRANT SELECT ON scratch.kept_workspaces TO countersign_control');
  expect((await asControl(own, 'SELECT FROM scratch.kept_workspaces')).rowCount).toBe(2);
  await expect(admin.query('ALTER MATERIALIZED VIEW scratch.kept_workspaces ENABLE ROW LEVEL SECURITY')).rejects.toMatchObject({ code: '42809' });
  expect((await admin.query(`SELECT FROM pg_matviews WHERE schemaname = ANY ($1)`, [OUR_SCHEMAS])).rowCount).toBe(0);
});

test('4. a function with its owner\'s rights shows every row, where its owner is not held to the policies', async () => {
  await admin.query(`CREATE FUNCTION scratch.workspaces_of_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM control.workspaces'`);
  expect((await asControl(own, 'SELECT scratch.workspaces_of_all() AS count')).rows).toEqual([{ count: '2' }]);
  await admin.query('ALTER FUNCTION scratch.workspaces_of_all() OWNER TO countersign_owner');
  expect((await asControl(own, 'SELECT scratch.workspaces_of_all() AS count')).rows).toEqual([{ count: '1' }]);
  // Ours belong to the owner who is forced, and find nothing by a search path that the caller chose; isolation.db.test.ts names them.
  const { rows } = await admin.query<{ owner: string; config: string[] | null }>(`SELECT DISTINCT pg_get_userbyid(p.proowner) AS owner, p.proconfig AS config FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname = ANY ($1)`, [OUR_SCHEMAS]);
  expect(rows).toEqual([{ owner: 'countersign_owner', config: ['search_path=pg_catalog, pg_temp'] }]);
});

test('5. a foreign key by id alone lets a row refer to another tenant\'s', async () => {
  const parents = await scratchTable('parents', { columns: 'UNIQUE' });
  await admin.query(`SET ROLE countersign_owner; CREATE TABLE scratch.children (tenant_id text NOT NULL, parent_id text REFERENCES ${parents} (id)); GRANT SELECT, INSERT ON scratch.children TO countersign_control; RESET ROLE`);
  expect((await asControl(own, `SELECT FROM ${parents} WHERE id = $1`, [`of ${other}`])).rowCount).toBe(0);
  expect((await asControl(own, 'INSERT INTO scratch.children VALUES ($1, $2)', [own, `of ${other}`])).rowCount).toBe(1);
  await expect(asControl(own, `INSERT INTO control.environments (tenant_id, workspace_id, id, name, ordinal) VALUES ($1, $2, 'env', 'dev', 1)`, [own, workspaceOf[other]])).rejects.toMatchObject({ code: '23503' });
});

test('6. ON CONFLICT DO NOTHING says nothing of a row that one may not see', async () => {
  const table = await scratchTable('hidden', { columns: 'UNIQUE' });
  expect((await asControl(own, `INSERT INTO ${table} (tenant_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [own, `of ${other}`])).rowCount).toBe(0);
  // The same name in two tenants is two rows, for every unique key holds the tenant: a conflict is always with a row of one's own.
  expect((await asControl(own, `INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, 'operations-2', 'x') ON CONFLICT DO NOTHING`, [own, workspaceOf[other]])).rowCount).toBe(1);
  const { rows } = await admin.query(`
    SELECT i.indexrelid::regclass AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND i.indisunique AND c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (i.indkey::int2[]))`, [OUR_SCHEMAS]);
  expect(rows).toEqual([]);
});

test('7. TRUNCATE takes no notice of policies', async () => {
  const table = await scratchTable('truncated');
  await admin.query(`GRANT TRUNCATE ON ${table} TO countersign_control`);
  await control.query(`TRUNCATE ${table}`);
  expect((await admin.query(`SELECT FROM ${table}`)).rowCount).toBe(0);
  const { rows: tables } = await admin.query<{ name: string }>(`SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p')`, [OUR_SCHEMAS]);
  expect(tables.length).toBeGreaterThan(60);
  for (const { name } of tables) await expect(asControl(own, `TRUNCATE ${name}`), name).rejects.toMatchObject({ code: '42501' });
});

test('8. a setting of the session outlives COMMIT, and meets whoever gets the connection next', async () => {
  const client = await connected(database.controlUrl);
  await client.query(`BEGIN; SELECT set_config('app.tenant_id', '${other}', false); COMMIT`);
  expect((await client.query('SELECT FROM control.workspaces')).rowCount).toBe(1);
  await client.end();
  const pool = new Database({ url: database.controlUrl, applicationName: 'one connection', maxConnections: 1 });
  const rows = { name: 'test.workspaces', text: 'SELECT tenant_id FROM control.workspaces' };
  for (const tenant of [other, own, other]) {
    expect(await pool.forTenant(tenant, (tx) => tx.rows(rows))).toEqual([{ tenant_id: tenant }]);
    expect(await pool.forNoTenant((tx) => tx.rows(rows))).toEqual([]);
    await expect(pool.forTenant(tenant, () => Promise.reject(new TypeError('the work failed')))).rejects.toThrow('the work failed');
    expect((await pool.pool.query(rows.text)).rows).toEqual([]);
  }
  await pool.close();
});

test('9. SET LOCAL outside of a transaction does nothing and warns', async () => {
  const notices: string[] = [];
  control.on('notice', ({ code }) => notices.push(code ?? ''));
  await control.query(`SET LOCAL app.tenant_id = '${own}'`);
  expect(notices).toEqual(['25P01']);
  expect((await control.query('SELECT FROM control.workspaces')).rowCount).toBe(0);
  // What we set is set in the transaction that it is for, which goes on: both statements have its time.
  const clock = { name: 'test.began', text: `SELECT transaction_timestamp()::text AS began, current_setting('app.tenant_id', true) AS tenant` };
  const [first, second] = await database.control.forTenant(own, async (tx) => [await tx.one<{ began: string }>(clock), await tx.one<{ began: string }>(clock)] as const);
  expect(first).toEqual({ began: second.began, tenant: own });
});

test('10. a setting that was set once reads as an empty text afterwards, not as NULL', async () => {
  const table = await scratchTable('by_setting');
  await admin.query(`INSERT INTO ${table} (tenant_id, id) VALUES ('', 'of nobody'); CREATE POLICY naive ON ${table} TO countersign_control USING (tenant_id = current_setting('app.tenant_id', true))`);
  await asControl(own, 'SELECT 1');
  expect((await control.query(`SELECT current_setting('app.tenant_id', true) AS setting, app.tenant_id() AS ours, app.tenant_ids() AS ours_too`)).rows).toEqual([{ setting: '', ours: null, ours_too: null }]);
  expect((await control.query(`SELECT id FROM ${table}`)).rows).toEqual([{ id: 'of nobody' }]);
  const { rows } = await admin.query(`SELECT tablename FROM pg_policies WHERE schemaname = ANY ($1) AND (qual || coalesce(with_check, '')) LIKE '%current_setting%'`, [OUR_SCHEMAS]);
  expect(rows).toEqual([]);
});

test('11. a lease that is compared with now() is never over for the transaction that compares', async () => {
  await control.query('BEGIN');
  const { rows: [began] } = await control.query<{ lease: string }>('SELECT clock_timestamp()::text AS lease');
  const { rows } = await control.query(`SELECT $1::timestamptz > now() AS by_now, $1::timestamptz > clock_timestamp() AS by_the_clock`, [began?.lease]);
  await control.query('ROLLBACK');
  expect(rows).toEqual([{ by_now: true, by_the_clock: false }]);
  const frozen = /\bnow\(\)(?!\.)|\bCURRENT_TIMESTAMP\b|\btransaction_timestamp\(\)/i;
  const ofLeases = statements().filter(({ sql }) => /\blease/.test(sql));
  expect(ofLeases.length).toBeGreaterThan(5);
  expect(ofLeases.filter(({ sql }) => frozen.test(sql))).toEqual([]);
  const { rows: defaults } = await admin.query<{ what: string; text: string }>(`
    SELECT c.oid::regclass::text AS what, pg_get_expr(d.adbin, d.adrelid) AS text FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1)
    UNION ALL SELECT p.oid::regproc::text, coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1)`, [OUR_SCHEMAS]);
  expect(defaults.filter(({ text }) => frozen.test(text))).toEqual([]);
});

test('12. a lease by name and time lets a worker write that was taken for dead and came back', async () => {
  const table = await scratchTable('leases', { columns: `, owner text NOT NULL DEFAULT 'worker', fence bigint NOT NULL DEFAULT 1, expires_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 hour', written_by bigint` });
  // It was claimed again, by a process of the same name on the same machine; the one before still thinks that it holds it.
  await admin.query(`UPDATE ${table} SET fence = fence + 1`);
  expect((await asControl(own, `UPDATE ${table} SET written_by = 1 WHERE owner = 'worker' AND expires_at > clock_timestamp()`)).rowCount).toBe(1);
  expect((await asControl(own, `UPDATE ${table} SET written_by = 1 WHERE owner = 'worker' AND expires_at > clock_timestamp() AND fence = 1`)).rowCount).toBe(0);
  // Whatever gives a lease or makes it longer names the fence, too.
  const givers = statements().filter(({ sql }) => /lease_(expires_at|until) = (clock_timestamp\(\) \+|CASE)/.test(sql));
  expect(givers.length).toBeGreaterThan(2);
  expect(givers.filter(({ sql }) => !/\bfence\b|\$\{HELD\}/.test(sql))).toEqual([]);
  // Of one fence there is one lease.
  const insert = `INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker) VALUES ('${own}', 'stp', 1, 1, 'w')`;
  await admin.query('SET session_replication_role = replica');
  await admin.query(insert);
  await expect(admin.query(insert)).rejects.toMatchObject({ code: '23505', constraint: 'step_attempts_pk' });
  await admin.query('RESET session_replication_role');
});

test('13. jsonb refuses what JSON allows: NUL and half a surrogate pair', async () => {
  for (const [text, code] of [[String.raw`{"a":"x\u0000"}`, '22P05'], [String.raw`{"a":"\ud800"}`, '22P02'], [String.raw`{"a\udc00":1}`, '22P02']] as const) {
    await expect(admin.query('SELECT $1::jsonb', [text])).rejects.toMatchObject({ code });
    const clean = cleanJson(JSON.parse(text) as Record<string, string>);
    expect(Object.keys(clean.hidden)).not.toEqual([]);
    await expect(admin.query('SELECT $1::jsonb', [JSON.stringify(clean.value)])).resolves.toMatchObject({ rowCount: 1 });
  }
});

test('14. an idempotency key that is unique by itself is another tenant\'s, too', async () => {
  const table = await scratchTable('keys', { columns: ', key text UNIQUE' });
  await admin.query(`UPDATE ${table} SET key = 'retry-1' WHERE tenant_id = $1`, [other]);
  await expect(asControl(own, `INSERT INTO ${table} (tenant_id, id, key) VALUES ($1, 'x', 'retry-1')`, [own])).rejects.toMatchObject({ code: '23505' });
  for (const tenant of [own, other]) {
    const remembered = await database.control.forTenant(tenant, (tx) => tx.change({ name: 'test.remember', text: `INSERT INTO control.idempotent_requests (tenant_id, principal_id, key, route, request_sha256) VALUES ($1, 'prn', 'retry-1', 'startRun', $1) ON CONFLICT DO NOTHING` }, [tenant]));
    expect(remembered).toBe(1);
    expect((await asControl(tenant, `SELECT request_sha256 FROM control.idempotent_requests WHERE key = 'retry-1'`)).rows).toEqual([{ request_sha256: tenant }]);
  }
});

/** The statements of both planes as they stand in their sources. */
function statements(): Array<{ file: string; sql: string }> {
  const files = globSync('{control-plane,execution-plane,platform}/**/{queries,*-queries,repository*}.ts', { cwd: ROOT });
  return files.flatMap((file) => [...readFileSync(`${ROOT}${file}`, 'utf8').matchAll(/`[^`]*`/g)].map(([sql]) => ({ file, sql })));
}
