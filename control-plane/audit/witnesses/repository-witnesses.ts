import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface WitnessRow {
  readonly id: string;
  readonly name: string;
  readonly vkey: string;
  readonly url: string;
  readonly required: boolean;
  readonly created_by: string;
  readonly created_at: Date;
  readonly positions: ReadonlyArray<{ readonly chain: string; readonly size: number; readonly last_error: string | null; readonly refused: boolean }>;
}

/** Who made a witness that the cell gives all its tenants. */
export const CELL = 'cell';

const listing: Statement = {
  name: 'audit.list_witnesses',
  text: `
    SELECT w.id, w.name, w.vkey, w.url, w.required, w.created_by, w.created_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('chain', p.chain, 'size', p.size, 'last_error', p.last_error, 'refused', p.refused_at IS NOT NULL) ORDER BY p.chain)
                       FROM audit.witness_positions p WHERE (p.tenant_id, p.witness_id) = (w.tenant_id, w.id)), '[]') AS positions
      FROM control.witnesses w WHERE w.tenant_id = $1 AND w.removed_at IS NULL ORDER BY w.id`,
};

export function readWitnesses(tx: Transaction, tenantId: string): Promise<WitnessRow[]> {
  return tx.rows(listing, [tenantId]);
}

const insert: Statement = { name: 'audit.insert_witness', text: 'INSERT INTO control.witnesses (tenant_id, id, name, vkey, url, required, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)' };
const remove: Statement = { name: 'audit.remove_witness', text: 'UPDATE control.witnesses SET removed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL' };

export async function insertWitness(tx: Transaction, tenantId: string, witness: { id: string; name: string; vkey: string; url: string; required: boolean; createdBy: string }): Promise<void> {
  await tx.change(insert, [tenantId, witness.id, witness.name, witness.vkey, witness.url, witness.required, witness.createdBy]);
}

export async function removeWitness(tx: Transaction, tenantId: string, id: string): Promise<boolean> {
  return await tx.change(remove, [tenantId, id]) === 1;
}

/** A newest checkpoint that a witness has not countersigned, and from where it must see the chain grow. */
export interface DueCosignature {
  readonly witness_id: string;
  readonly vkey: string;
  readonly url: string;
  readonly chain: string;
  readonly number: string;
  readonly size: string;
  readonly note: string;
  readonly object_key: string;
  readonly seen: string;
  readonly attempts: number;
  readonly was_refused: boolean;
}

const due: Statement = {
  name: 'audit.due_cosignatures',
  text: `
    SELECT w.id AS witness_id, w.vkey, w.url, c.chain, c.number, c.seq AS size, c.note, c.object_key, coalesce(p.size, 0) AS seen, coalesce(p.attempts, 0) AS attempts, p.refused_at IS NOT NULL AS was_refused
      FROM control.witnesses w
      CROSS JOIN LATERAL (SELECT h.chain FROM audit.chain_heads h WHERE h.tenant_id = w.tenant_id) h
      CROSS JOIN LATERAL (SELECT * FROM audit.checkpoints c WHERE c.tenant_id = w.tenant_id AND c.chain = h.chain AND c.note IS NOT NULL ORDER BY c.number DESC LIMIT 1) c
      LEFT JOIN audit.witness_positions p ON (p.tenant_id, p.witness_id, p.chain) = (w.tenant_id, w.id, c.chain)
     WHERE w.tenant_id = $1 AND w.removed_at IS NULL AND coalesce(p.next_attempt_at <= clock_timestamp(), true)
       AND NOT EXISTS (SELECT FROM audit.cosignatures o WHERE (o.tenant_id, o.chain, o.number, o.witness_id) = (c.tenant_id, c.chain, c.number, w.id))
     ORDER BY w.id, c.chain`,
};

export function dueCosignatures(tx: Transaction, tenantId: string): Promise<DueCosignature[]> {
  return tx.rows(due, [tenantId]);
}

const insertCosignature: Statement = {
  name: 'audit.insert_cosignature',
  text: 'INSERT INTO audit.cosignatures (tenant_id, chain, number, witness_id, line, cosigned_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING',
};
const moveOn: Statement = {
  name: 'audit.witness_has_seen',
  text: `
    INSERT INTO audit.witness_positions (tenant_id, witness_id, chain, size) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, witness_id, chain) DO UPDATE SET size = greatest(witness_positions.size, excluded.size), attempts = 0, next_attempt_at = clock_timestamp(), last_error = NULL, refused_at = NULL`,
};
const putOff: Statement = {
  name: 'audit.witness_put_off',
  text: `
    INSERT INTO audit.witness_positions (tenant_id, witness_id, chain, attempts, next_attempt_at, last_error, refused_at)
    VALUES ($1, $2, $3, 1, clock_timestamp() + $4 * interval '1 millisecond', $5, CASE WHEN $6 THEN clock_timestamp() END)
    ON CONFLICT (tenant_id, witness_id, chain) DO UPDATE
      SET attempts = witness_positions.attempts + 1, next_attempt_at = excluded.next_attempt_at, last_error = excluded.last_error, refused_at = coalesce(witness_positions.refused_at, excluded.refused_at)`,
};

export async function storeCosignature(tx: Transaction, tenantId: string, of: DueCosignature, line: string, at: Date): Promise<void> {
  await tx.change(insertCosignature, [tenantId, of.chain, of.number, of.witness_id, line, at]);
  await tx.change(moveOn, [tenantId, of.witness_id, of.chain, of.size]);
}

export async function putOffCosignature(tx: Transaction, tenantId: string, of: DueCosignature, wait_ms: number, error: string, refused: boolean): Promise<void> {
  await tx.change(putOff, [tenantId, of.witness_id, of.chain, wait_ms, error, refused]);
}
