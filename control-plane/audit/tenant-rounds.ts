import type { Database } from '@countersign/platform/postgres/database.ts';
import { tenantsBehind } from './queries.ts';

/** So many tenants that nobody has told of are looked at in a turn: what a turn costs does not grow with the cell. */
const PER_TURN = 20;
/** A loop that turns faster than that, because there is much to do, does what it was told of. */
const OTHERS_EVERY_MS = 100;

/** Which tenants a loop looks at in its turn: those that something was told of, and now and then the next few of all, so that none waits for ever. */
export class TenantRounds {
  readonly #database: Database;
  readonly #told = new Set<string>();
  #last = '';
  #lookedAt_ms = -Infinity;

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
    if (performance.now() - this.#lookedAt_ms < OTHERS_EVERY_MS) return told;
    const others = (await this.#database.forNoTenant((tx) => tx.rows<{ tenant_id: string }>(tenantsBehind, [this.#last, PER_TURN]))).map(({ tenant_id }) => tenant_id);
    this.#lookedAt_ms = performance.now();
    // At the end of the list it begins anew.
    this.#last = others.length < PER_TURN ? '' : others.at(-1) ?? '';
    return [...new Set([...told, ...others])];
  }
}
