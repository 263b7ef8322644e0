import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { inject } from 'vitest';
import { isClassed } from '@countersign/contracts/events/catalogue.ts';
import { legalTransitionRows } from '@countersign/contracts/states/legal-pairs.ts';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the superuser of the test run's own PostgreSQL. */
    postgresAdminUrl: string;
  }
}

export interface TestDatabase {
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly executionUrl: string;
  /** Pools of the two login roles, closed by `drop`. */
  readonly control: Database;
  readonly execution: Database;
  drop(): Promise<void>;
}

const TEMPLATE_LOCK = 7_151_001;
const ROLE_PASSWORD = 'for tests on this machine only';
const MIGRATIONS = fileURLToPath(new URL('../../contracts/database/migrations', import.meta.url));
/** What else `migrate` writes into a database, beside the migrations and the legal pairs. */
const MIGRATING = ['migrate.ts', 'planner-expectations.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url)));

/** A migrated database of its own for one test file, copied from a template that is migrated once per server. `adminUrl`: outside of a test run. */
export async function createTestDatabase(adminUrl: string = inject('postgresAdminUrl')): Promise<TestDatabase> {
  const server = new URL(adminUrl);
  const template = await ensureTemplate(server);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdmin(server, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const controlUrl = urlOf(server, name, 'countersign_control');
  const executionUrl = urlOf(server, name, 'countersign_execution');
  const control = new Database({ url: controlUrl, applicationName: 'test control' });
  const execution = new Database({ url: executionUrl, applicationName: 'test execution' });
  return {
    adminUrl: urlOf(server, name), controlUrl, executionUrl, control, execution,
    drop: async () => {
      await Promise.all([control.close(), execution.close()]);
      const unclassed = await unclassedFields(new URL(urlOf(server, name)));
      await withAdmin(server, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
      if (unclassed.length > 0) throw new TypeError(`An event was written with members that have no class in contracts/events/data-fields.ts, so that no sink shows them: ${unclassed.join(', ')}.`);
    },
  };
}

/**
 * Test files run in processes of their own, side by side: whoever comes first makes the template for all. It gets its name when it is whole,
 * so that nobody copies from one whose maker was stopped in the middle.
 */
async function ensureTemplate(server: URL): Promise<string> {
  const name = `countersign_template_${await templateDigest()}`;
  const unfinished = `${name}_unfinished`;
  await withAdmin(server, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${unfinished}`);
    await migrate({ adminUrl: urlOf(server, unfinished), folder: MIGRATIONS, legalTransitions: legalTransitionRows() });
    for (const role of ['countersign_control', 'countersign_execution']) {
      await admin.query(`ALTER ROLE ${role} PASSWORD '${ROLE_PASSWORD}'`);
    }
    await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
  });
  return name;
}

/** Tells templates of different schemas apart: a server that is kept between runs meets more than one. */
async function templateDigest(): Promise<string> {
  const migrations = (await readdir(MIGRATIONS)).sort().map((name) => join(MIGRATIONS, name));
  const texts = await Promise.all([...migrations, ...MIGRATING].map(async (path) => `${path}\0${await readFile(path, 'utf8')}`));
  return createHash('sha256').update(JSON.stringify([texts, legalTransitionRows()])).digest('hex').slice(0, 16);
}

/**
 * Members of all events that the file's tests had written, as `type: member`, which the catalogue does not class: spread and computed members
 * do not meet the compiler.
 */
async function unclassedFields(database: URL): Promise<string[]> {
  const { rows } = await withAdmin(database, (admin) => admin.query<{ type: string; name: string }>(`
    SELECT DISTINCT e.type, member->>'key' AS name
      FROM audit.events e, jsonb_path_query(CASE WHEN e.body IS JSON THEN e.body::jsonb END, '$.data.keyvalue()', '{}', true) AS member ORDER BY 1, 2`));
  return rows.filter(({ name }) => !isClassed(name)).map(({ type, name }) => `${type}: ${name}`);
}

async function withAdmin<T>(server: URL, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: server.href });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(server: URL, database: string, role?: string): string {
  const url = new URL(server.href);
  url.pathname = `/${database}`;
  if (role !== undefined) {
    url.username = role;
    url.password = ROLE_PASSWORD;
  }
  return url.href;
}
