import type { Database } from '@countersign/platform/postgres/database.ts';
import { tenantsBehind } from './queries.ts';

/** So many tenants that nobody has told of are looked at in a turn: what a turn costs does not grow with the cell. */
const PER_TURN = 20;

/** Which tenants a loop looks at in its turn: those that something was told of, and the next few of all, so that none waits for ever. */
export class TenantRounds {
  readonly #database: Database;
  readonly #told = new Set<string>();
  #last = '';

  constructor(database: Database) {
    this.#database = database;
  }

  /** Something happened to this tenant: it is in the next turn. */
  tell(tenantId: string): void {
    this.#told.add(tenantId);
  }

  async next(): Promise<string[]> {
    const told = [...this.#told];
    this.#told.clear();
    const others = (await this.#database.forNoTenant((tx) => tx.rows<{ tenant_id: string }>(tenantsBehind, [this.#last, PER_TURN]))).map(({ tenant_id }) => tenant_id);
    // At the end of the list it begins anew.
    this.#last = others.length < PER_TURN ? '' : others.at(-1) ?? '';
    return [...new Set([...told, ...others])];
  }
}
