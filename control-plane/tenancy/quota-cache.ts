import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readQuotas } from './repository-quotas.ts';
import type { QuotaRow } from './repository-quotas.ts';

/** A changed quota holds everywhere after this long at most; in the process that changed it, at once. */
const FRESH_MS = 2_000;
const MAX_TENANTS = 10_000;

/** The quotas of tenants, for whoever asks with every request. */
export class QuotaCache {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly read_ms: number; readonly quotas: Promise<readonly QuotaRow[]> }>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  find(tenantId: string): Promise<readonly QuotaRow[]> {
    const now_ms = this.#clock.now().getTime();
    const known = this.#entries.get(tenantId);
    if (known !== undefined && now_ms - known.read_ms < FRESH_MS && now_ms >= known.read_ms) return known.quotas;
    const quotas = this.#database.forTenant(tenantId, (tx) => readQuotas(tx, tenantId));
    if (this.#entries.size >= MAX_TENANTS) this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#entries.set(tenantId, { read_ms: now_ms, quotas });
    // A failed read must not be remembered for the next caller.
    quotas.catch(() => this.#entries.delete(tenantId));
    return quotas;
  }

  forget(tenantId: string): void {
    this.#entries.delete(tenantId);
  }
}
