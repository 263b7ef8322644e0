import type { Database } from '@countersign/platform/postgres/database.ts';
import { listTenantIds } from './queries.ts';

const FRESH_MS = 2_000;

/** The tenants of this cell. Read again after two seconds: a new tenant waits no longer than that for its first run. */
export class Tenants {
  readonly #database: Database;
  #ids: readonly string[] = [];
  #readAt = -Infinity;

  constructor(database: Database) {
    this.#database = database;
  }

  async ids(): Promise<readonly string[]> {
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#ids = await this.#database.forNoTenant(listTenantIds);
      this.#readAt = performance.now();
    }
    return this.#ids;
  }

  /** The next `ids` reads the directory. */
  forget(): void {
    this.#readAt = -Infinity;
  }
}
