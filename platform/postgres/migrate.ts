import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import knex from 'knex';
import type { Knex } from 'knex';
import { PostgresError } from './errors.ts';
import { expectManyRowsPerTenant } from './planner-expectations.ts';

export interface MigrateOptions {
  /** Connection string of a role that may create roles and schemas. */
  readonly adminUrl: string;
  /** Folder of `NNNN_name.sql` files, run in the order of their names, each in a transaction of its own. */
  readonly folder: string;
  /** Legal pairs by table: written anew after the migrations, so that a new pair needs no migration of its own. */
  readonly legalTransitions: Readonly<Record<string, ReadonlyArray<readonly [from: string, to: string]>>>;
}

interface SqlMigration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the database to the newest schema. Safe to call from several processes at once (knex holds a lock row).
 *
 * @returns the names of the migrations that ran now
 * @throws PostgresError `migration_failed` with the file's name; `migration_changed` when an applied file was edited
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const migrations = await readMigrations(options.folder);
  const db = knex({ client: 'pg', connection: options.adminUrl, pool: { min: 0, max: 2 } });
  try {
    const [, ran] = await db.migrate.latest({ migrationSource: new SqlMigrationSource(migrations), tableName: 'schema_migrations' }) as [number, string[]];
    await refuseEditedMigrations(db, migrations);
    await writeLegalTransitions(db, options.legalTransitions);
    await expectManyRowsPerTenant(db);
    return ran;
  } catch (error) {
    if (error instanceof PostgresError) throw error;
    throw new PostgresError('migration_failed', `A migration failed: ${(error as Error).message}`, { cause: error });
  } finally {
    await db.destroy();
  }
}

async function readMigrations(folder: string): Promise<SqlMigration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(path.join(folder, name), 'utf8') })));
}

class SqlMigrationSource implements Knex.MigrationSource<SqlMigration> {
  readonly #migrations: SqlMigration[];

  constructor(migrations: SqlMigration[]) {
    this.#migrations = migrations;
  }

  getMigrations(): Promise<SqlMigration[]> {
    return Promise.resolve(this.#migrations);
  }

  getMigrationName(migration: SqlMigration): string {
    return migration.name;
  }

  getMigration(migration: SqlMigration): Promise<Knex.Migration> {
    return Promise.resolve({
      up: (db: Knex) => db.raw(migration.sql.replaceAll('?', '\\?')),
      down: () => Promise.reject(new PostgresError('migration_failed', 'Migrations only go forward.')),
    });
  }
}

/** An applied migration is history. Editing one would make two databases differ under the same name. */
async function refuseEditedMigrations(db: Knex, migrations: SqlMigration[]): Promise<void> {
  await db.raw('CREATE TABLE IF NOT EXISTS schema_migration_digests (name text PRIMARY KEY, sha256 text NOT NULL)');
  for (const { name, sql } of migrations) {
    const sha256 = createHash('sha256').update(sql).digest('hex');
    await db.raw('INSERT INTO schema_migration_digests (name, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING', [name, sha256]);
    const { rows } = await db.raw<{ rows: Array<{ sha256: string }> }>('SELECT sha256 FROM schema_migration_digests WHERE name = ?', [name]);
    if (rows[0]?.sha256 !== sha256) {
      throw new PostgresError('migration_changed', `${name} is not what this database was made with. Use the version that made it; a cell without data worth keeping can begin anew (npm start -- --fresh). Developers: undo the edit and add a new migration.`);
    }
  }
}

async function writeLegalTransitions(db: Knex, tables: MigrateOptions['legalTransitions']): Promise<void> {
  await db.transaction(async (tx) => {
    for (const [table, pairs] of Object.entries(tables)) {
      await tx.raw(`INSERT INTO ${table} (from_state, to_state) SELECT * FROM unnest(?::text[], ?::text[]) ON CONFLICT DO NOTHING`,
        [pairs.map(([from]) => from), pairs.map(([, to]) => to)]);
    }
  });
}
