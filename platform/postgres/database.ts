import pg from 'pg';
import { isOfServer, PostgresError } from './errors.ts';
import { OneTrip } from './one-trip.ts';
import type { Answer, Ask } from './one-trip.ts';

/** A statement with a name, so that PostgreSQL plans it once per connection. The text is the documentation. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** One transaction that acts for the tenants it was opened for, and for nobody else: row-level security sees to it. */
export interface Transaction {
  /** Runs `statement` and gives its rows. Errors of PostgreSQL pass through unchanged (`error.code`, `error.constraint`). */
  rows<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** As `rows`, for a statement that gives at most one row. */
  maybeOne<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row | undefined>;
  /** As `rows`, for a statement that must give exactly one row; otherwise `PostgresError` `row_missing`. */
  one<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row>;
  /** Runs `statement` and gives how many rows it changed. */
  change(statement: Statement, values?: readonly unknown[]): Promise<number>;
}

export interface DatabaseOptions {
  /** Connection string of a login role (`countersign_control`, `countersign_execution`). */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly maxConnections?: number;
  /** Settings of each of its sessions, such as `enable_seqscan: 'off'`. Names and values without white space. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  readonly onConnectionError?: (error: Error) => void;
}

const begin: Statement = { name: 'begin', text: 'BEGIN' };
const actForTenants: Statement = { name: 'act_for_tenants', text: `SELECT set_config('app.tenant_id', $1, true)` };

const TENANT_ID = /^ten_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const NO_TENANT = '';

/** A pool of connections of one login role, and the only way to a transaction. */
export class Database {
  readonly pool: pg.Pool;

  constructor(options: DatabaseOptions) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      application_name: options.applicationName,
      max: options.maxConnections ?? 10,
      ...(options.settings === undefined ? {} : { options: Object.entries(options.settings).map(([name, value]) => `-c ${name}=${value}`).join(' ') }),
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
    });
    this.pool.on('error', (error) => options.onConnectionError?.(error));
    // A connection that breaks while it is lent out and no query runs on it would end the process: the next query on it fails anyway.
    this.pool.on('connect', (client) => client.on('error', (error) => options.onConnectionError?.(error)));
  }

  /** Commits what `work` did for one tenant, or nothing of it. Retries nothing: the caller knows whether that is safe. */
  forTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction(checkedTenantId(tenantId), work);
  }

  /** As `forTenant`, for a worker that claims or commits the work of several tenants at once (execution plane only). */
  forTenants<T>(tenantIds: readonly string[], work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction(tenantIds.map(checkedTenantId).join(','), work);
  }

  /**
   * As `forTenants`, in one round trip: the statements are known beforehand, and all of them commit or none. Gives the rows of each. Rejects with
   * the server's error, and then nothing is committed; or with that of a connection that broke, and then nobody knows (`isOfServer`).
   */
  async atOnce(tenantIds: readonly string[], asks: readonly Ask[]): Promise<object[][]> {
    const actFor: Ask = { statement: actForTenants, values: [tenantIds.map(checkedTenantId).join(',')] };
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      const [, ...answers] = await client.query(new OneTrip([actFor, ...asks])).done;
      return answers.map(({ rows }) => rows);
    } catch (error) {
      if (!isOfServer(error)) broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** A transaction that acts for no tenant: it sees the directories and nothing else. */
  forNoTenant<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction(NO_TENANT, work);
  }

  /** Refuses to go on as a role that could see or do more than a login role may. Called once at start. */
  async assertLeastPrivilege(): Promise<void> {
    const { rows } = await this.pool.query<{ role: string; super: boolean; bypass: boolean; owns: string | null }>(`
      SELECT r.rolname AS role, r.rolsuper AS super, r.rolbypassrls AS bypass,
             (SELECT min(n.nspname || '.' || c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND n.nspname IN ('control', 'execution', 'audit')) AS owns
        FROM pg_roles r WHERE r.rolname = current_user`);
    const me = rows[0];
    if (me === undefined || me.super || me.bypass || me.owns !== null) {
      throw new PostgresError('role_too_powerful',
        `The database role ${me?.role ?? 'unknown'} may bypass row-level security. Connect as countersign_control or countersign_execution.`);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async #transaction<T>(tenantSetting: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      const tx = new ClientTransaction(client, tenantSetting);
      const result = await work(tx);
      if (tx.begun) await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollbackError: Error) => { broken = rollbackError; });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** Begins with its first statement, in one round trip with it. */
class ClientTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #tenantSetting: string;
  #begun = false;

  /** `tenantSetting`: checked ids only. */
  constructor(client: pg.PoolClient, tenantSetting: string) {
    this.#client = client;
    this.#tenantSetting = tenantSetting;
  }

  /** Whether there is anything to commit. */
  get begun(): boolean {
    return this.#begun;
  }

  async rows<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#answerTo(statement, values)).rows as Row[];
  }

  async maybeOne<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row | undefined> {
    return (await this.rows<Row>(statement, values))[0];
  }

  async one<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row> {
    const row = await this.maybeOne<Row>(statement, values);
    if (row === undefined) throw new PostgresError('row_missing', `${statement.name} gave no row.`);
    return row;
  }

  async change(statement: Statement, values: readonly unknown[] = []): Promise<number> {
    return (await this.#answerTo(statement, values)).changed;
  }

  async #answerTo(statement: Statement, values: readonly unknown[]): Promise<Answer> {
    if (!this.#begun) {
      this.#begun = true;
      const answers = await this.#client.query(new OneTrip([{ statement: begin, values: [] }, { statement: actForTenants, values: [this.#tenantSetting] }, { statement, values }])).done;
      return answers.at(-1) ?? NOTHING;
    }
    const { rows, rowCount } = await this.#client.query<object>({ name: statement.name, text: statement.text, values: [...values] });
    return { rows, changed: rowCount ?? 0 };
  }
}

const NOTHING: Answer = { rows: [], changed: 0 };

function checkedTenantId(tenantId: string): string {
  if (!TENANT_ID.test(tenantId)) throw new PostgresError('tenant_id_invalid', `Not a tenant id: ${JSON.stringify(tenantId)}.`);
  return tenantId;
}
