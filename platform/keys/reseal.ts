import type { Logger } from '../log/logger.ts';
import type { Database } from '../postgres/database.ts';
import type { EnvelopeKeys } from './envelope-keys.ts';
import type { SealPurpose } from './keys.ts';
import { markResealed, resealBatch, toReseal } from './repository-reseal.ts';
import type { Plane, SealedColumn } from './repository-reseal.ts';

/** Others may go on sealing under the key before for a minute after there is a new one. */
const SETTLE_S = 120;
const BATCH_ROWS = 200;

export interface ResealParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly log: Logger;
  readonly plane: Plane;
  /** Those that this plane may write. */
  readonly columns: readonly SealedColumn[];
  readonly settle_s?: number;
}

/** Seals anew, under the newest key of each purpose, what is sealed under older ones or under the key file itself. Several processes may do it at once. */
export class Reseal {
  readonly #parts: ResealParts;
  /** Tenants whose purposes all have a key: from then on the database knows what there is to do. */
  readonly #prepared = new Set<string>();
  /** How far a column is done, while it is gone through. */
  readonly #after = new Map<string, string>();

  constructor(parts: ResealParts) {
    this.#parts = parts;
  }

  /** A batch of each column that is not done. Gives whether there is more. */
  async turn(tenantId: string): Promise<boolean> {
    await this.#prepare(tenantId);
    const { database, plane, settle_s = SETTLE_S } = this.#parts;
    const due = await database.forTenant(tenantId, (tx) => toReseal(tx, tenantId, plane, settle_s));
    for (const key of due) {
      if (!await this.#batchOfEach(tenantId, key.purpose)) await database.forTenant(tenantId, (tx) => markResealed(tx, tenantId, plane, key.id));
    }
    return due.length > 0;
  }

  async #prepare(tenantId: string): Promise<void> {
    if (this.#prepared.has(tenantId)) return;
    for (const purpose of new Set(this.#parts.columns.map((column) => column.purpose))) await this.#parts.keys.sealingGeneration(tenantId, purpose);
    this.#prepared.add(tenantId);
  }

  /** Gives whether a column has more. */
  async #batchOfEach(tenantId: string, purpose: SealPurpose): Promise<boolean> {
    const { columns, log } = this.#parts;
    let more = false;
    for (const column of columns.filter((one) => one.purpose === purpose)) {
      const place = `${tenantId}/${column.table}/${column.column}`;
      const { unopened, after } = await resealBatch({ ...this.#parts, batch: BATCH_ROWS }, tenantId, column, this.#after.get(place) ?? '');
      if (unopened > 0) log.error({ tenant_id: tenantId, table: column.table, column: column.column, unopened }, 'sealed bytes cannot be opened; they stay as they are');
      if (after === null) {
        // Behind the last one: not gone through again until all columns are done.
        this.#after.set(place, LAST);
      } else {
        this.#after.set(place, after);
        more = true;
      }
    }
    if (!more) for (const column of columns.filter((one) => one.purpose === purpose)) this.#after.delete(`${tenantId}/${column.table}/${column.column}`);
    return more;
  }
}

/** Behind every id. */
const LAST = '\u{10ffff}';
