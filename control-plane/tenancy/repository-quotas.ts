import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { QuotaName } from './quota-names.ts';

export interface QuotaRow {
  readonly set_for: 'cell' | 'tenant';
  /** '': the tenant as a whole. */
  readonly workspace_id: string;
  readonly name: QuotaName;
  readonly max_value: number;
}

const read: Statement = {
  name: 'quotas.read',
  text: 'SELECT set_for, workspace_id, name, max_value::float8 AS max_value FROM control.quotas WHERE tenant_id = $1 ORDER BY set_for, workspace_id, name',
};

export function readQuotas(tx: Transaction, tenantId: string): Promise<QuotaRow[]> {
  return tx.rows<QuotaRow>(read, [tenantId]);
}

const readVersion: Statement = {
  name: 'quotas.read_version',
  text: 'SELECT limits_version AS version, limits_set_by AS set_by, limits_set_at AS set_at FROM control.tenants WHERE tenant_id = $1',
};

export interface VersionRow {
  readonly version: number;
  readonly set_by: string | null;
  readonly set_at: Date | null;
}

export function readQuotaVersion(tx: Transaction, tenantId: string): Promise<VersionRow> {
  return tx.one<VersionRow>(readVersion, [tenantId]);
}

const nextVersion: Statement = {
  name: 'quotas.next_version',
  text: `UPDATE control.tenants SET limits_version = limits_version + 1, limits_set_by = $2, limits_set_at = clock_timestamp()
          WHERE tenant_id = $1 AND ($3::int IS NULL OR limits_version = $3) RETURNING limits_version AS version`,
};

const removeAll: Statement = {
  name: 'quotas.remove_all',
  text: 'DELETE FROM control.quotas WHERE tenant_id = $1 AND set_for = $2',
};

const insertAll: Statement = {
  name: 'quotas.insert_all',
  text: `INSERT INTO control.quotas (tenant_id, set_for, workspace_id, name, max_value, set_by)
         SELECT $1, $2, q.workspace_id, q.name, q.max_value, $4 FROM jsonb_to_recordset($3::jsonb) AS q (workspace_id text, name text, max_value bigint)`,
};

/** Replaces all quotas that the cell, or the tenant itself, has set. Gives the new version; undefined when `expected` is not the one that is there. */
export async function replaceQuotas(
  tx: Transaction, tenantId: string, setFor: 'cell' | 'tenant', quotas: ReadonlyArray<Omit<QuotaRow, 'set_for'>>, setBy: string, expected: number | null,
): Promise<number | undefined> {
  const row = await tx.maybeOne<{ version: number }>(nextVersion, [tenantId, setBy, expected]);
  if (row === undefined) return undefined;
  await tx.change(removeAll, [tenantId, setFor]);
  await tx.change(insertAll, [tenantId, setFor, JSON.stringify(quotas), setBy]);
  return row.version;
}

const lock: Statement = {
  name: 'quotas.lock',
  text: 'SELECT FROM control.tenants WHERE tenant_id = $1 FOR UPDATE',
};

/** Until this transaction ends nobody else counts what this tenant has: of two that would make the last one, one is refused. */
export async function lockQuotas(tx: Transaction, tenantId: string): Promise<void> {
  await tx.one(lock, [tenantId]);
}

/** What there is now, of the tenant as a whole. */
export interface Usage {
  readonly workspaces: number;
  readonly principals: number;
  readonly api_keys: number;
  readonly workflows: number;
}

const usage: Statement = {
  name: 'quotas.usage',
  text: `
    SELECT (SELECT count(*) FROM control.workspaces WHERE tenant_id = $1 AND archived_at IS NULL)::int AS workspaces,
           (SELECT count(*) FROM control.principals WHERE tenant_id = $1 AND disabled_at IS NULL)::int AS principals,
           (SELECT count(*) FROM control.api_keys WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()))::int AS api_keys,
           (SELECT count(*) FROM control.workflows WHERE tenant_id = $1)::int AS workflows`,
};

export function readUsage(tx: Transaction, tenantId: string): Promise<Usage> {
  return tx.one<Usage>(usage, [tenantId]);
}

const intake: Statement = {
  name: 'quotas.intake',
  text: `
    SELECT w.id AS workspace_id,
           -- what was let in and is no run yet counts as one
           (SELECT count(*) FROM execution.deliveries d WHERE d.tenant_id = $1 AND d.workspace_id = w.id AND d.state = 'accepted')::int AS waiting,
           (SELECT count(*) FROM execution.runs r WHERE r.tenant_id = $1 AND r.workspace_id = w.id
              AND r.trigger_kind <> 'system' AND r.created_at >= date_trunc('day', clock_timestamp(), 'UTC'))::int AS runs_today,
           (SELECT count(*) FROM execution.runs r WHERE r.tenant_id = $1 AND r.workspace_id = w.id AND r.trigger_kind <> 'system' AND r.state NOT IN ('succeeded', 'failed', 'cancelled'))::int AS open
      FROM control.workspaces w WHERE w.tenant_id = $1`,
};

export interface IntakeRow {
  readonly workspace_id: string;
  readonly waiting: number;
  readonly runs_today: number;
  readonly open: number;
}

/** What each workspace has let in. Reads the runs of today by index: asked for where there is a quota of runs, and about once a second. */
export function readIntake(tx: Transaction, tenantId: string): Promise<IntakeRow[]> {
  return tx.rows<IntakeRow>(intake, [tenantId]);
}

const BYTES = `(
      (SELECT coalesce(sum(c.size_bytes), 0) FROM execution.contents c WHERE c.tenant_id = $1 AND c.shredded_at IS NULL)
      + (SELECT coalesce(sum(e.size_bytes), 0) FROM execution.evidence e WHERE e.tenant_id = $1)
      + (SELECT coalesce(sum(p.size_bytes), 0) FROM control.evidence_packages p WHERE p.tenant_id = $1))::bigint`;

const addUp: Statement = { name: 'quotas.add_up_bytes', text: `SELECT ${BYTES}::float8 AS bytes` };

/** What the tenant keeps at this moment. Looks at each of its contents: for a page that somebody opens, and for nothing that happens often. */
export async function addUpStoredBytes(tx: Transaction, tenantId: string): Promise<number> {
  return (await tx.one<{ bytes: number }>(addUp, [tenantId])).bytes;
}

const count: Statement = {
  name: 'quotas.count_bytes',
  text: `
    INSERT INTO control.stored_bytes (tenant_id, bytes)
    SELECT $1, ${BYTES} WHERE EXISTS (SELECT FROM control.quotas q WHERE q.tenant_id = $1 AND q.name = 'stored_bytes')
    ON CONFLICT ON CONSTRAINT stored_bytes_pk DO UPDATE SET bytes = EXCLUDED.bytes, counted_at = clock_timestamp()`,
};

/** Counts what the tenant keeps, for whoever holds it against the quota; where there is none, nothing. */
export async function countStoredBytes(tx: Transaction, tenantId: string): Promise<void> {
  await tx.change(count, [tenantId]);
}

const counted: Statement = { name: 'quotas.counted_bytes', text: 'SELECT bytes::float8 AS bytes FROM control.stored_bytes WHERE tenant_id = $1' };

/** What it kept when it was counted last; 0 where it never was. */
export async function readStoredBytes(tx: Transaction, tenantId: string): Promise<number> {
  return (await tx.maybeOne<{ bytes: number }>(counted, [tenantId]))?.bytes ?? 0;
}
