import type { Database, Statement, Transaction } from '../postgres/database.ts';
import type { EnvelopeKeys } from './envelope-keys.ts';
import { KeysError } from './keys.ts';
import type { SealPurpose } from './keys.ts';
import { sealedPrefix } from './sealed-bytes.ts';

/** A column of sealed bytes. Names and expressions are our own, never a caller's. */
export interface SealedColumn {
  /** With its schema. */
  readonly table: string;
  readonly column: string;
  readonly purpose: SealPurpose;
  /** What tells its rows apart within a tenant; `id` when absent. */
  readonly key?: string;
  /** An expression over the row: what the bytes are bound to; the key when absent. */
  readonly context?: string;
}

export interface ResealOptions {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  /** Rows of a column per turn. */
  readonly batch: number;
}

export interface Resealed {
  readonly resealed: number;
  /** Rows whose bytes cannot be opened: they stay as they are. */
  readonly unopened: number;
  /** Whether this column has no row behind `after` any more. */
  readonly after: string | null;
}

/** Seals a batch of a column's rows under the newest key, those that are sealed under an older one. A row that changes meanwhile is left alone. */
export async function resealBatch({ database, keys, batch }: ResealOptions, tenantId: string, column: SealedColumn, after: string): Promise<Resealed> {
  const generation = await keys.sealingGeneration(tenantId, column.purpose);
  const rows = await database.forTenant(tenantId, (tx) => tx.rows<SealedRow>(findOld(column), [tenantId, after, sealedPrefix(generation), batch]));
  const sealed = await Promise.all(rows.map(async (row) => ({ row, bytes: await sealedAnew(keys, tenantId, column.purpose, row) })));
  let [resealed, unopened] = [0, 0];
  await database.forTenant(tenantId, async (tx) => {
    for (const { row, bytes } of sealed) {
      if (bytes === null) unopened += 1;
      else resealed += await replace(tx, tenantId, column, row, bytes);
    }
  });
  return { resealed, unopened, after: rows.length < batch ? null : rows.at(-1)!.key };
}

export type Plane = 'control' | 'execution';

export interface DueKey {
  readonly id: string;
  readonly purpose: SealPurpose;
}

/** The newest keys of purposes under which not everything was sealed anew yet; those that are younger than `settle_s` wait. */
export function toReseal(tx: Transaction, tenantId: string, plane: Plane, settle_s: number): Promise<DueKey[]> {
  return tx.rows<DueKey>({
    name: `reseal.due.${plane}`,
    text: `SELECT id, purpose FROM control.wrapped_keys
            WHERE tenant_id = $1 AND kind = 'seal' AND superseded_at IS NULL AND wrapped IS NOT NULL AND ${plane}_resealed_at IS NULL
              AND created_at <= clock_timestamp() - make_interval(secs => $2)`,
  }, [tenantId, settle_s]);
}

export async function markResealed(tx: Transaction, tenantId: string, plane: Plane, id: string): Promise<void> {
  await tx.change({ name: `reseal.mark.${plane}`, text: `UPDATE control.wrapped_keys SET ${plane}_resealed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2` }, [tenantId, id]);
}

interface SealedRow {
  readonly key: string;
  readonly context: string;
  readonly sealed: Buffer;
}

/** Names of statements are short: PostgreSQL tells them apart by 63 characters. */
function findOld({ table, column, key = 'id', context = key }: SealedColumn): Statement {
  return {
    name: `sealed.${table}.${column}`,
    text: `SELECT ${key} AS key, ${context} AS context, ${column} AS sealed FROM ${table}
            WHERE tenant_id = $1 AND ${key} > $2 AND ${column} IS NOT NULL AND substring(${column} FROM 1 FOR 5) <> $3 ORDER BY ${key} LIMIT $4`,
  };
}

function replace(tx: Transaction, tenantId: string, { table, column, key = 'id' }: SealedColumn, row: SealedRow, sealed: Uint8Array): Promise<number> {
  const statement = { name: `reseal.${table}.${column}`, text: `UPDATE ${table} SET ${column} = $4 WHERE tenant_id = $1 AND ${key} = $2 AND ${column} = $3` };
  return tx.change(statement, [tenantId, row.key, row.sealed, sealed]);
}

async function sealedAnew(keys: EnvelopeKeys, tenantId: string, purpose: SealPurpose, { context, sealed }: SealedRow): Promise<Uint8Array | null> {
  try {
    return await keys.seal(tenantId, purpose, context, await keys.unseal(tenantId, purpose, context, sealed));
  } catch (error) {
    // Altered bytes stay what they are; a root key that is away is not their fault.
    if (error instanceof KeysError && error.code === 'unseal_failed') return null;
    throw error;
  }
}
