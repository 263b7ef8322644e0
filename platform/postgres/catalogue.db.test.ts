import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

/** What else in the catalogue could open a way around the policies of isolation.db.test.ts, and is not there. */

const SCHEMAS = ['control', 'execution', 'audit', 'app'];
const LOGIN_ROLES = ['countersign_control', 'countersign_execution'];

let database: TestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

async function rows(text: string, values: unknown[] = [SCHEMAS]): Promise<Array<Record<string, unknown>>> {
  return (await admin.query<Record<string, unknown>>(text, values)).rows;
}

test('every table of tenants has the three policies, to the letter, and no other: reading and writing ask the same', async () => {
  const policies = await rows(`
    SELECT p.policyname AS name, p.permissive, p.roles::text[] AS roles, p.cmd, p.qual = p.with_check AS same, p.qual, count(*)::int AS tables
      FROM pg_policies p WHERE p.schemaname = ANY ($1) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1`);
  const [{ tables }] = await rows(`SELECT count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND c.relrowsecurity`) as [{ tables: number }];
  const one = { permissive: 'PERMISSIVE', cmd: 'ALL', same: true, tables };
  const several = '(tenant_id = ANY (( SELECT app.tenant_ids() AS tenant_ids)::text[]))';
  expect(policies).toEqual([
    { ...one, name: 'tenant_of_control', roles: ['countersign_control'], qual: '(tenant_id = ( SELECT app.tenant_id() AS tenant_id))' },
    { ...one, name: 'tenants_of_execution', roles: ['countersign_execution'], qual: several },
    { ...one, name: 'tenants_of_owner', roles: ['countersign_owner'], qual: several },
  ]);
});

test('every table is an ordinary one: none is a partition, inherits, or has rules', async () => {
  expect(await rows(`SELECT c.oid::regclass AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND (c.relkind IN ('p', 'f') OR c.relispartition OR c.relhasrules OR c.relhassubclass)`)).toEqual([]);
});

test('nothing is granted to everybody, and nothing will be by default', async () => {
  expect(await rows(`SELECT c.oid::regclass AS relation FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a WHERE n.nspname = ANY ($1) AND a.grantee = 0`)).toEqual([]);
  expect(await rows(`SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = ANY ($1 || ARRAY['public']) AND a.grantee = 0`)).toEqual([]);
  expect(await rows('SELECT defaclrole::regrole FROM pg_default_acl', [])).toEqual([]);
  expect(await rows(`SELECT p.oid::regprocedure AS function FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE n.nspname = ANY ($1) AND a.grantee = 0 AND p.prosecdef`)).toEqual([]);
});

test('nobody may pass on what they were granted, act as somebody else, or turn triggers and policies off', async () => {
  expect(await rows(`SELECT c.oid::regclass AS relation, a.grantee::regrole FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
    WHERE n.nspname = ANY ($1) AND a.is_grantable AND a.grantee <> c.relowner`)).toEqual([]);
  expect(await rows(`SELECT r.rolname, m.roleid::regrole FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = ANY ($1 || ARRAY['countersign_owner'])`, [LOGIN_ROLES])).toEqual([]);
  const control = new pg.Client({ connectionString: database.controlUrl });
  await control.connect();
  await expect(control.query('SET session_replication_role = replica')).rejects.toMatchObject({ code: '42501' });
  // This one anybody may set: it makes a query fail that policies would cut.
  await control.query('SET row_security = off');
  await expect(control.query('SELECT FROM control.workspaces')).rejects.toMatchObject({ code: '42501' });
  await control.end();
});

test('sequences are turned by those who insert, and say nothing that a tenant could count by', async () => {
  const sequences = await rows(`SELECT c.oid::regclass::text AS name, array(SELECT r.rolname || ' ' || p.privilege FROM pg_roles r, unnest(ARRAY['SELECT', 'UPDATE']) AS p(privilege)
      WHERE r.rolname = ANY ($2) AND has_sequence_privilege(r.oid, c.oid, p.privilege) ORDER BY 1) AS rights
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND c.relkind = 'S' ORDER BY 1`, [SCHEMAS, LOGIN_ROLES]);
  expect(sequences.length).toBeGreaterThan(0);
  expect(sequences.filter(({ rights }) => (rights as string[]).length > 0)).toEqual([]);
});

test('there are no event triggers, no large objects, no foreign servers, no publications, and no languages but SQL and its own', async () => {
  for (const table of ['pg_event_trigger', 'pg_largeobject_metadata', 'pg_foreign_server', 'pg_publication', 'pg_subscription']) expect([table, await rows(`SELECT FROM ${table}`, [])]).toEqual([table, []]);
  expect(await rows(`SELECT DISTINCT l.lanname AS language FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname = ANY ($1) ORDER BY 1`)).toEqual([{ language: 'plpgsql' }, { language: 'sql' }]);
});

test('triggers are enabled, and none runs where replication would pass it over', async () => {
  expect(await rows(`SELECT t.tgrelid::regclass AS table, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1) AND NOT t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')`)).toEqual([]);
});
