import type { Clock } from '@countersign/platform/clock/clock.ts';
import { isId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { findInstance, findTenantOfInstance } from './queries.ts';
import type { InstanceRow } from './queries.ts';

export interface WebhookInstance extends InstanceRow {
  readonly tenantId: string;
}

/** A changed secret or a disabled instance takes effect after this long at most. */
const FRESH_MS = 1_000;
const MAX_ENTRIES = 1_000;

/** Instances as ingestion needs them, read at most once a second each. Secrets stay sealed in here. */
export class InstanceCache {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly read_ms: number; readonly instance: Promise<WebhookInstance | null> }>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async find(id: string): Promise<WebhookInstance | null> {
    if (!isId('connector_instance', id)) return null;
    const now_ms = this.#clock.now().getTime();
    const known = this.#entries.get(id);
    if (known !== undefined && now_ms - known.read_ms < FRESH_MS && now_ms >= known.read_ms) return known.instance;
    const instance = this.#read(id);
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#entries.set(id, { read_ms: now_ms, instance });
    // A failed read must not be remembered for the next caller.
    instance.catch(() => this.#entries.delete(id));
    return instance;
  }

  async #read(id: string): Promise<WebhookInstance | null> {
    const directory = await this.#database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenantOfInstance, [id]));
    if (directory === undefined) return null;
    const tenantId = directory.tenant_id;
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<InstanceRow>(findInstance, [tenantId, id]));
    return row === undefined ? null : { ...row, tenantId };
  }
}
