import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { STATE_MACHINES, statesOf } from '@countersign/contracts/states/transitions.ts';
import type { StateMachine } from '@countersign/contracts/states/transitions.ts';
import { newId } from '../ids/typeid.ts';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

/** What the database itself promises, asked of its catalogue, so that a table which is added tomorrow is asked too. */

const SCHEMAS = ['control', 'execution', 'audit'];
/** Hold ids and where a tenant lives; read before the tenant is known. */
const DIRECTORIES = ['control.instance_directory', 'control.tenant_directory'];
/** Counts by digest, of nobody's in particular. */
const COUNTERS = ['control.rate_counters'];
const SHARED = [...DIRECTORIES, ...COUNTERS, 'control.agent_legal_transitions', 'control.agent_rollout_legal_transitions', 'control.approval_legal_transitions', 'control.change_request_legal_transitions', 'control.erasure_request_legal_transitions', 'control.policy_release_legal_transitions', 'execution.lease_legal_transitions', 'execution.run_legal_transitions', 'execution.step_legal_transitions', 'execution.tool_call_legal_transitions', 'execution.work_order_legal_transitions', 'execution.workers'];
const LOGIN_ROLES = ['countersign_control', 'countersign_execution'];

let database: TestDatabase;
let admin: pg.Client;
const planes = new Map<string, pg.Client>();
const [own, other] = [newId('tenant'), newId('tenant')];
let tables: Array<{ name: string; owner: string; enabled: boolean; forced: boolean; has_tenant: boolean }>;

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

beforeAll(async () => {
  database = await createTestDatabase();
  admin = await connected(database.adminUrl);
  planes.set('countersign_control', await connected(database.controlUrl));
  planes.set('countersign_execution', await connected(database.executionUrl));
  tables = (await admin.query<(typeof tables)[number]>(`
    SELECT n.nspname || '.' || c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') ORDER BY 1`, [SCHEMAS])).rows;
  for (const { name } of tables.filter((table) => table.has_tenant && !DIRECTORIES.includes(table.name))) await plant(name, other);
});

afterAll(async () => {
  await Promise.all([admin, ...planes.values()].map((client) => client.end()));
  await database.drop();
});

/** One row of `tenant` in `table`, by the superuser and without its keys and checks: only who sees it matters. */
async function plant(table: string, tenant: string): Promise<void> {
  const { rows } = await admin.query<{ column: string; type: string }>(`
    SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''`, [table]);
  const { rows: checks } = await admin.query<{ name: string }>(`SELECT conname AS name FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'`, [table]);
  for (const { name } of checks) await admin.query(`ALTER TABLE ${table} DROP CONSTRAINT ${pg.escapeIdentifier(name)}`);
  await admin.query('SET session_replication_role = replica');
  await admin.query(`INSERT INTO ${table} (${rows.map((row) => pg.escapeIdentifier(row.column)).join(', ')}) VALUES (${rows.map((row) => valueOf(row, tenant)).join(', ')})`);
  await admin.query('RESET session_replication_role');
}

function valueOf({ column, type }: { column: string; type: string }, tenant: string): string {
  if (column === 'tenant_id') return pg.escapeLiteral(tenant);
  if (type === 'jsonb' || type.endsWith('[]')) return `'{}'`;
  if (type === 'bytea') return `'\\x00'`;
  if (type === 'boolean') return 'true';
  if (type.startsWith('timestamp')) return 'clock_timestamp()';
  return /int|numeric|float|double/.test(type) ? '1' : `'x'`;
}

/** How many rows `role` sees in `table` with `app.tenant_id` set to `tenant`; null leaves it unset. */
async function seen(role: string, table: string, tenant: string | null): Promise<number | 'not granted'> {
  const client = planes.get(role);
  if (client === undefined) throw new TypeError(role);
  await client.query('BEGIN');
  try {
    if (tenant !== null) await client.query(`SELECT set_config('app.tenant_id', $1, true)`, [tenant]);
    return (await client.query(`SELECT FROM ${table}`)).rowCount ?? 0;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') return 'not granted';
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

describe('tenants', () => {
  test('every table with tenant data has row-level security, enabled and forced, and belongs to the owner that nobody logs in as', () => {
    expect(tables.length).toBeGreaterThan(30);
    expect(tables.filter((table) => table.owner !== 'countersign_owner')).toEqual([]);
    expect(tables.filter((table) => !(table.has_tenant && table.enabled && table.forced)).map((table) => table.name)).toEqual(SHARED.toSorted());
  });

  test.each(LOGIN_ROLES)('%s sees no row of a tenant that it does not act for, in any table', async (role) => {
    const readable: string[] = [];
    for (const { name } of tables.filter((table) => !SHARED.includes(table.name))) {
      for (const tenant of [null, '', own, `${own},`, `${other} `, '%', `${other}' OR '1'='1`]) {
        expect([name, tenant, await seen(role, name, tenant)]).toEqual([name, tenant, expect.toBeOneOf([0, 'not granted'])]);
      }
      const itsOwn = await seen(role, name, other);
      if (itsOwn !== 'not granted') {
        expect([name, itsOwn]).toEqual([name, 1]);
        readable.push(name);
      }
    }
    expect(readable.length).toBeGreaterThan(20);
  });

  test('the control plane acts for one tenant at a time; a list is nobody', async () => {
    for (const { name } of tables.filter((table) => !SHARED.includes(table.name))) expect([name, await seen('countersign_control', name, `${own},${other}`)]).toEqual([name, 0]);
    expect(await seen('countersign_execution', 'execution.runs', `${own},${other}`)).toBe(1);
  });

  test('the setting ends with its transaction', async () => {
    expect(await seen('countersign_control', 'control.tenants', other)).toBe(1);
    expect(await seen('countersign_control', 'control.tenants', null)).toBe(0);
  });

  test('every key and foreign key between tenant tables holds the tenant, so that no row can refer to another tenant\'s', async () => {
    const { rows } = await admin.query(`
      SELECT c.conrelid::regclass::text AS table, c.conname AS constraint
        FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
       WHERE n.nspname = ANY ($1) AND c.contype IN ('p', 'f', 'u') AND NOT c.conrelid::regclass::text = ANY ($2)
         AND (c.contype <> 'f' OR NOT c.confrelid::regclass::text = ANY ($2))
         AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = 'tenant_id')`, [SCHEMAS, SHARED]);
    expect(rows).toEqual([]);
  });
});

describe('roles', () => {
  test('no login role is powerful, inherits, owns anything, or may truncate, create or refer to', async () => {
    const { rows: powerful } = await admin.query(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'countersign%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)`);
    const { rows: members } = await admin.query(`SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = ANY ($1)`, [LOGIN_ROLES]);
    const { rows: owned } = await admin.query(`SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = ANY ($1)`, [LOGIN_ROLES]);
    const { rows: rights } = await admin.query(`
      SELECT r.rolname, c.oid::regclass::text AS table, p.privilege FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r, unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(privilege)
       WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND r.rolname = ANY ($2) AND has_table_privilege(r.oid, c.oid, p.privilege)`, [SCHEMAS, LOGIN_ROLES]);
    const { rows: creates } = await admin.query(`SELECT r.rolname, n.nspname FROM pg_namespace n, pg_roles r WHERE n.nspname = ANY ($1) AND r.rolname = ANY ($2) AND has_schema_privilege(r.oid, n.oid, 'CREATE')`, [[...SCHEMAS, 'app', 'public'], LOGIN_ROLES]);
    expect({ powerful, members, owned, rights, creates }).toEqual({ powerful: [], members: [], owned: [], rights: [], creates: [] });
  });

  test('the functions that act with their owner\'s rights are the audit\'s and the one that forgets a tenant, with a fixed search path, and they ask whose tenant it is', async () => {
    const { rows } = await admin.query(`SELECT p.oid::regproc::text AS name, p.proconfig AS config FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname = ANY ($1) ORDER BY 1`, [[...SCHEMAS, 'app', 'public']]);
    expect(rows).toEqual(['audit.append', 'audit.append_all', 'audit.end_retention', 'audit.seal', 'control.forget_rows'].map((name) => ({ name, config: ['search_path=pg_catalog, pg_temp'] })));
    for (const client of planes.values()) {
      for (const acting of ['', own]) {
        for (const append of [`append($1, $1 || '/wsp', 'aud_test', 'run.created', NULL, '{}')`, `append_all(ARRAY[$1], ARRAY[$1 || '/wsp'], ARRAY['aud_test'], ARRAY['run.created'], ARRAY[NULL], ARRAY['{}'])`, `end_retention($1, $1 || '/wsp', clock_timestamp(), 1)`,
          `seal($1, '{}', '', '{}', '{}', '{}', '{}', '{}')`]) {
          await client.query('BEGIN');
          await client.query(`SELECT set_config('app.tenant_id', $1, true)`, [acting]);
          await expect(client.query(`SELECT audit.${append}`, [other])).rejects.toMatchObject({ code: '42501' });
          await client.query('ROLLBACK');
        }
      }
    }
  });

  test('the plane that asks for an approval cannot give it', async () => {
    for (const [role, state, allowed] of [['countersign_execution', 'approved', false], ['countersign_execution', 'rejected', false], ['countersign_execution', 'withdrawn', true], ['countersign_control', 'approved', true]] as const) {
      const client = planes.get(role)!;
      await client.query('BEGIN');
      await client.query(`SELECT set_config('app.tenant_id', $1, true)`, [other]);
      const outcome = await client.query(`UPDATE control.approvals SET state = $1`, [state]).then((result) => result.rowCount === 1, (error: unknown) => error instanceof pg.DatabaseError && error.code === '42501' ? false : Promise.reject(error));
      expect([role, state, outcome]).toEqual([role, state, allowed]);
      await client.query('ROLLBACK');
    }
  });

  test('no view and no materialised view stands between a role and the policies', async () => {
    expect((await admin.query(`SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND c.relkind IN ('v', 'm')`, [SCHEMAS])).rows).toEqual([]);
  });
});

describe('the audit', () => {
  test.each([
    ['an event changed', `UPDATE audit.events SET body = '{"x":1}'`], ['an event deleted', 'DELETE FROM audit.events'], ['all of them cut off', 'TRUNCATE audit.events'],
    ['a link changed', 'UPDATE audit.links SET seq = seq + 1'], ['an event unsealed', 'DELETE FROM audit.links'], ['links cut off', 'TRUNCATE audit.links'],
    ['a link made up', `INSERT INTO audit.links (tenant_id, chain, seq, event_id, body_sha256, prev_hash, hash) VALUES ('${other}', 'c', 9, 'i', '\\x00', '\\x00', '\\x00')`],
    ['an event that is never sealed', 'DELETE FROM audit.pending'], ['a head moved', 'UPDATE audit.chain_heads SET seq = seq + 1'], ['a checkpoint changed', `UPDATE audit.checkpoints SET body = 'x'`],
    ['a checkpoint deleted', 'DELETE FROM audit.checkpoints'], ['checkpoints cut off', 'TRUNCATE audit.checkpoints'], ['an event written past the function', `INSERT INTO audit.events (tenant_id, chain, id, type, body) VALUES ('${other}', 'c', 'i', 't', '{}')`],
  ])('%s: refused to both planes', async (_name, text) => {
    for (const client of planes.values()) {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('app.tenant_id', $1, true)`, [other]);
      await expect(client.query(text)).rejects.toMatchObject({ code: '42501' });
      await client.query('ROLLBACK');
    }
  });

  test('what is sealed stays as it is, for the owner and for a superuser with its triggers too', async () => {
    await admin.query(`INSERT INTO audit.events (tenant_id, chain, id, type, body) VALUES ($1, 'c', 'aud_sealed', 't', '{}')`, [other]);
    await admin.query(`INSERT INTO audit.links (tenant_id, chain, seq, event_id, body_sha256, prev_hash, hash) SELECT $1, 'c', 1, 'aud_sealed', d, d, d FROM sha256('') d`, [other]);
    for (const text of [
      `UPDATE audit.events SET body = '{"x":1}' WHERE id = 'aud_sealed'`, `UPDATE audit.events SET type = 'u' WHERE id = 'aud_sealed'`, `DELETE FROM audit.events WHERE id = 'aud_sealed'`, 'TRUNCATE audit.events',
      `UPDATE audit.links SET hash = sha256('x') WHERE event_id = 'aud_sealed'`, `DELETE FROM audit.links WHERE event_id = 'aud_sealed'`, 'TRUNCATE audit.links', `UPDATE audit.pending SET event_ids = '{}'`, 'TRUNCATE audit.pending',
    ]) {
      await expect(admin.query(text)).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('states', () => {
  test.each(Object.entries(STATE_MACHINES) as Array<[keyof typeof STATE_MACHINES, StateMachine<string>]>)('%s: the database has the legal pairs of contracts/states and no other, behind a foreign key', async (name, machine) => {
    const entry = Object.entries(legalTransitionRows()).find(([table]) => table.endsWith(`.${name}_legal_transitions`));
    if (entry === undefined) throw new TypeError(name);
    const [table, legal] = entry;
    const guarded = name === 'lease' ? 'execution.step_attempts' : table.replace('_legal_transitions', 's');
    const { rows: keys } = await admin.query(`SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid = $1::regclass AND confrelid = $2::regclass`, [guarded, table]);
    expect(keys).toEqual([{ convalidated: true }]);
    const { rows: stored } = await admin.query<{ pair: string }>(`SELECT from_state || ' ' || to_state AS pair FROM ${table}`);
    expect(stored.map((row) => row.pair).toSorted()).toEqual(legal.map((pair) => pair.join(' ')).toSorted());
    const isLegal = (from: string, to: string): boolean => legal.some(([a, b]) => a === from && b === to);
    let refused = 0;
    for (const from of statesOf(machine)) {
      for (const to of statesOf(machine).filter((state) => state !== from)) {
        const allowed = await moves(guarded, from, to);
        expect([from, to, allowed]).toEqual([from, to, isLegal(from, to)]);
        refused += allowed ? 0 : 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
    for (const role of LOGIN_ROLES) {
      const { rows } = await admin.query(`SELECT has_table_privilege($1, $2, 'INSERT') OR has_table_privilege($1, $2, 'UPDATE') OR has_table_privilege($1, $2, 'DELETE') AS may`, [role, table]);
      expect([role, rows[0]]).toEqual([role, { may: false }]);
    }
  });

  /** Whether the database lets a row go from `from` to `to`, tried on the planted row and rolled back. */
  async function moves(guarded: string, from: string, to: string): Promise<boolean> {
    await admin.query('BEGIN');
    try {
      // Into the first state past the guards, out of it under them.
      await admin.query('SET LOCAL session_replication_role = replica');
      await admin.query(`UPDATE ${guarded} SET previous_state = 'new', state = $1`, [from]);
      await admin.query('SET LOCAL session_replication_role = origin');
      await admin.query(`UPDATE ${guarded} SET state = $1`, [to]);
      return true;
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '23503' && error.constraint?.endsWith('_transition_is_legal')) return false;
      throw error;
    } finally {
      await admin.query('ROLLBACK');
    }
  }
});
