import type { SealedColumn } from '@countersign/platform/keys/repository-reseal.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface DataKeyRow {
  readonly id: string;
  readonly purpose: 'content' | 'credential' | 'approval' | 'identity';
  readonly generation: number;
  readonly kek: string;
  readonly state: 'sealing' | 'opening' | 'shredded';
  readonly seals: string;
  readonly created_at: Date;
  readonly rewrapped_at: Date | null;
  readonly superseded_at: Date | null;
  readonly shredded_at: Date | null;
}

export const listDataKeys: Statement = {
  name: 'data_keys.list',
  text: `
    SELECT id, purpose, generation, kek, seals, created_at, rewrapped_at, superseded_at, shredded_at,
           CASE WHEN shredded_at IS NOT NULL THEN 'shredded' WHEN superseded_at IS NULL THEN 'sealing' ELSE 'opening' END AS state
      FROM control.wrapped_keys WHERE tenant_id = $1 AND kind = 'seal' ORDER BY purpose, generation DESC`,
};

/** Keys that seal are destroyed with their wrapped bytes, by purposes ($2). */
export const shredKeys: Statement = {
  name: 'data_keys.shred',
  text: `
    UPDATE control.wrapped_keys SET wrapped = NULL, shredded_at = clock_timestamp(), superseded_at = coalesce(superseded_at, clock_timestamp())
     WHERE tenant_id = $1 AND kind = 'seal' AND purpose = ANY ($2) AND wrapped IS NOT NULL
    RETURNING id, purpose, generation`,
};

/** Whether a column holds bytes of version 1 (`platform/keys/sealed-bytes.ts`). Names are our own. */
export function sealedUnderTheFile({ table, column }: SealedColumn): Statement {
  return { name: `v1.${table}.${column}`, text: `SELECT EXISTS (SELECT FROM ${table} WHERE tenant_id = $1 AND ${column} IS NOT NULL AND get_byte(${column}, 0) = 1) AS is_left` };
}
