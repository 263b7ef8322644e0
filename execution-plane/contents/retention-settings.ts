import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Tenants } from '../loops/tenants.ts';
import { readContentDays } from './repository-retention-settings.ts';

const FRESH_MS = 5_000;

/** For how many days each tenant keeps content, where it said so. Sealing asks for each content, so it is read every five seconds at most. */
export class RetentionSettings {
  readonly #database: Database;
  readonly #tenants: Tenants;
  #days: ReadonlyMap<string, number> = new Map();
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(database: Database, tenants: Tenants) {
    this.#database = database;
    this.#tenants = tenants;
  }

  /** Null: the tenant says nothing. While the database does not answer, what was known holds: the sweeper asks again before it shreds. */
  async daysOf(tenantId: string): Promise<number | null> {
    if (performance.now() - this.#readAt > FRESH_MS) await (this.#reading ??= this.#read().finally(() => { this.#reading = undefined; }));
    return this.#days.get(tenantId) ?? null;
  }

  async #read(): Promise<void> {
    this.#readAt = performance.now();
    try {
      const rows = await this.#database.forTenants(await this.#tenants.ids(), readContentDays);
      this.#days = new Map(rows.map((row) => [row.tenant_id, row.content_days]));
    } catch {
      // Next time.
    }
  }
}
