import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface DeletionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly state: 'requested' | 'confirmed' | 'cancelled' | 'carrying_out' | 'completed';
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly due_at: Date;
  readonly confirmed_by: string | null;
  readonly confirmed_at: Date | null;
  readonly cancelled_by: string | null;
  readonly cancelled_at: Date | null;
  readonly began_at: Date | null;
  readonly keys_destroyed: number;
  readonly rows_removed: string;
  readonly objects_removed: number;
  readonly objects_retained: number;
  readonly retained_until: Date | null;
  readonly completed_at: Date | null;
}

const COLUMNS = `id, tenant_id, workspace_id, state, requested_by, requested_at, due_at, confirmed_by, confirmed_at, cancelled_by, cancelled_at, began_at,
       keys_destroyed, rows_removed, objects_removed, objects_retained, retained_until, completed_at`;

export const tenantState: Statement = { name: 'deletion.tenant_state', text: 'SELECT state FROM control.tenant_directory WHERE tenant_id = $1 FOR UPDATE' };

export const anyHold: Statement = { name: 'deletion.any_hold', text: 'SELECT FROM control.legal_holds WHERE tenant_id = $1 AND released_at IS NULL LIMIT 1' };

export const newestDeletion: Statement = {
  name: 'deletion.newest',
  text: `SELECT ${COLUMNS} FROM control.tenant_deletions WHERE tenant_id = $1 ORDER BY requested_at DESC LIMIT 1 FOR UPDATE`,
};

export const insertDeletion: Statement = {
  name: 'deletion.insert',
  text: `
    INSERT INTO control.tenant_deletions (tenant_id, id, workspace_id, state, reason_digest, requested_by, due_at)
    VALUES ($1, $2, $3, 'requested', $4, $5, clock_timestamp() + make_interval(days => $6)) RETURNING ${COLUMNS}`,
};

export const confirmDeletion: Statement = {
  name: 'deletion.confirm',
  text: `UPDATE control.tenant_deletions SET state = 'confirmed', confirmed_by = $3, confirmed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'requested' RETURNING ${COLUMNS}`,
};

export const cancelDeletion: Statement = {
  name: 'deletion.cancel',
  text: `UPDATE control.tenant_deletions SET state = 'cancelled', cancelled_by = $3, cancelled_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state IN ('requested', 'confirmed') RETURNING ${COLUMNS}`,
};

/** What is to be begun now, or to be gone on with: retained objects are tried once an hour. */
export const dueDeletion: Statement = {
  name: 'deletion.due',
  text: `
    SELECT ${COLUMNS} FROM control.tenant_deletions
     WHERE tenant_id = $1 AND ((state = 'confirmed' AND due_at <= clock_timestamp())
       OR (state = 'carrying_out' AND (objects_retained = 0 OR looked_at < clock_timestamp() - interval '1 hour')))
       FOR UPDATE SKIP LOCKED`,
};

export const setDeleting: Statement = {
  name: 'deletion.set_deleting',
  text: `UPDATE control.tenant_directory SET state = 'deleting', state_since = clock_timestamp() WHERE tenant_id = $1 AND state = 'suspended'`,
};

export const beginDeletion: Statement = {
  name: 'deletion.begin',
  text: `UPDATE control.tenant_deletions SET state = 'carrying_out', began_at = now() WHERE tenant_id = $1 AND id = $2 AND state = 'confirmed'`,
};

export const anySealingKey: Statement = {
  name: 'deletion.any_sealing_key',
  text: `SELECT FROM control.wrapped_keys WHERE tenant_id = $1 AND kind = 'seal' AND wrapped IS NOT NULL LIMIT 1`,
};

export const countKeys: Statement = { name: 'deletion.count_keys', text: 'UPDATE control.tenant_deletions SET keys_destroyed = keys_destroyed + $3 WHERE tenant_id = $1 AND id = $2' };

export const countRows: Statement = { name: 'deletion.count_rows', text: 'UPDATE control.tenant_deletions SET rows_removed = rows_removed + $3 WHERE tenant_id = $1 AND id = $2' };

export const noteObjects: Statement = {
  name: 'deletion.note_objects',
  text: `UPDATE control.tenant_deletions SET objects_removed = objects_removed + $3, objects_retained = $4, retained_until = $5, looked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`,
};

const forgettable: Statement = {
  name: 'deletion.tables',
  text: `
    WITH tables AS (SELECT unnest(control.forgettable_tables()) AS t)
    SELECT t::oid::int AS oid, t::text AS name,
           coalesce((SELECT array_agg(DISTINCT k.confrelid::int) FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = t AND k.confrelid IN (SELECT t FROM tables)), '{}') AS refers_to
      FROM tables ORDER BY 1`,
};

export interface ForgettableTable {
  readonly oid: number;
  readonly name: string;
  /** Itself, too, where its rows refer to one another. */
  readonly refers_to: readonly number[];
}

export function listForgettable(tx: Transaction): Promise<ForgettableTable[]> {
  return tx.rows(forgettable);
}

const forgetRowsOf: Statement = { name: 'deletion.forget_rows', text: 'SELECT control.forget_rows($1, $2::regclass[], $3)::int AS gone' };

/** Takes away at most `limit` rows of each table, of a tenant whose deletion is carried out. The database refuses it for every other, and for what stays. */
export async function forgetRows(tx: Transaction, tenantId: string, tables: readonly string[], limit: number): Promise<number> {
  return (await tx.one<{ gone: number }>(forgetRowsOf, [tenantId, tables, limit])).gone;
}

const endBodiesBefore: Statement = { name: 'deletion.end_bodies', text: 'SELECT ended::int FROM audit.end_retention($1, $2, $3, $4)' };

/** As `endAudit`, for events before a moment. Gives how many ended. */
export async function endBodies(tx: Transaction, tenantId: string, chain: string, before: Date, limit: number): Promise<number> {
  return (await tx.one<{ ended: number }>(endBodiesBefore, [tenantId, chain, before, limit])).ended;
}

export const anyBody: Statement = {
  name: 'deletion.any_body',
  text: 'SELECT FROM audit.events WHERE tenant_id = $1 AND recorded_at < $2 AND body IS NOT NULL LIMIT 1',
};

/** The name that it had is free again; what stays is an id. */
export const leaveDirectory: Statement = {
  name: 'deletion.leave_directory',
  text: `UPDATE control.tenant_directory SET slug = 'deleted-' || right(tenant_id, 26), state = CASE WHEN $2 THEN 'deleted' ELSE state END, state_since = clock_timestamp() WHERE tenant_id = $1 AND state = 'deleting'`,
};

export const leaveNameless: Statement = { name: 'deletion.leave_nameless', text: `UPDATE control.tenants SET name = '(deleted)' WHERE tenant_id = $1` };

export const destroySigningKeys: Statement = {
  name: 'deletion.destroy_signing_keys',
  text: `UPDATE control.wrapped_keys SET wrapped = NULL, shredded_at = clock_timestamp(), superseded_at = coalesce(superseded_at, clock_timestamp()) WHERE tenant_id = $1 AND kind = 'sign' AND wrapped IS NOT NULL`,
};

export const completeDeletion: Statement = {
  name: 'deletion.complete',
  text: `UPDATE control.tenant_deletions SET state = 'completed', completed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'carrying_out' AND objects_retained = 0`,
};
