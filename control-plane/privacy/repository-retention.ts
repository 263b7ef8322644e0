import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** Null: for ever; of content: as the cell's default says. */
export interface RetentionDays {
  readonly content_days: number | null;
  readonly operational_days: number | null;
  readonly audit_days: number | null;
}

export interface RetentionRow extends RetentionDays {
  /** 0: nothing was ever set. */
  readonly version: number;
  readonly set_by: string | null;
  readonly set_at: Date | null;
}

const find: Statement = {
  name: 'retention.find',
  text: 'SELECT content_days, operational_days, audit_days, version, set_by, set_at FROM control.retention_settings WHERE tenant_id = $1',
};

const NOTHING_SET: RetentionRow = { content_days: null, operational_days: null, audit_days: null, version: 0, set_by: null, set_at: null };

export async function readRetention(tx: Transaction, tenantId: string): Promise<RetentionRow> {
  return await tx.maybeOne<RetentionRow>(find, [tenantId]) ?? NOTHING_SET;
}

const write: Statement = {
  name: 'retention.write',
  text: `
    INSERT INTO control.retention_settings AS r (tenant_id, content_days, operational_days, audit_days, set_by)
    -- $6: the version that whoever changes it has seen; null replaces whatever is there
    SELECT $1, $2, $3, $4, $5 WHERE $6::int IS NULL OR $6 = coalesce((SELECT version FROM control.retention_settings WHERE tenant_id = $1), 0)
    ON CONFLICT (tenant_id) DO UPDATE
       SET content_days = $2, operational_days = $3, audit_days = $4, set_by = $5, set_at = clock_timestamp(), version = r.version + 1
     WHERE $6::int IS NULL OR r.version = $6
    RETURNING version`,
};

/** Gives the new version, or undefined where somebody else was first. */
export async function writeRetention(tx: Transaction, tenantId: string, days: RetentionDays, by: string, expected: number | null): Promise<number | undefined> {
  return (await tx.maybeOne<{ version: number }>(write, [tenantId, days.content_days, days.operational_days, days.audit_days, by, expected]))?.version;
}

const forgetSessions: Statement = {
  name: 'retention.forget_sessions',
  text: `
    DELETE FROM control.sessions s
     WHERE s.tenant_id = $1 AND least(s.revoked_at, s.expires_at) < clock_timestamp() - make_interval(days => $2)
       AND NOT control.is_held(s.tenant_id, NULL, NULL, NULL, s.principal_id)`,
};

const forgetLinks: Statement = {
  name: 'retention.forget_links',
  text: `
    DELETE FROM control.sign_in_links l
     WHERE l.tenant_id = $1 AND l.expires_at < clock_timestamp() - make_interval(days => $2)
       AND NOT control.is_held(l.tenant_id, NULL, NULL, NULL, l.principal_id)`,
};

/** Takes away what shows how people signed in and out, longer ago than `days`. The audit has that it happened. Gives how many rows. */
export async function forgetSignIns(tx: Transaction, tenantId: string, days: number): Promise<number> {
  return await tx.change(forgetSessions, [tenantId, days]) + await tx.change(forgetLinks, [tenantId, days]);
}

export interface ChainRow {
  readonly chain: string;
  readonly workspace_id: string;
}

export const listChains: Statement = {
  name: 'retention.list_chains',
  text: `SELECT chain, split_part(chain, '/', 2) AS workspace_id FROM audit.chain_heads WHERE tenant_id = $1 ORDER BY chain`,
};

const endAuditOf: Statement = {
  name: 'retention.end_audit',
  text: `SELECT ended::int, from_seq::int, to_seq::int FROM audit.end_retention($1, $2, clock_timestamp() - make_interval(days => $3), $4)`,
};

/** Ends the bodies of events of a chain that are older than `days`, that a checkpoint covers and no legal hold does. */
export function endAudit(tx: Transaction, tenantId: string, chain: string, days: number, limit: number): Promise<{ ended: number; from_seq: number | null; to_seq: number | null }> {
  return tx.one(endAuditOf, [tenantId, chain, days, limit]);
}

const forgetSearch: Statement = {
  name: 'retention.forget_search',
  text: `
    DELETE FROM audit.search s USING audit.links l, audit.events e
     WHERE s.tenant_id = $1 AND s.chain = $2 AND s.seq BETWEEN $3 AND $4
       AND (l.tenant_id, l.chain, l.seq) = (s.tenant_id, s.chain, s.seq) AND (e.tenant_id, e.id) = (l.tenant_id, l.event_id) AND e.body IS NULL`,
};

/** Takes away by whom and about what the events between two were, of which the bodies have ended. Gives how many. */
export function forgetSearched(tx: Transaction, tenantId: string, chain: string, fromSeq: number, toSeq: number): Promise<number> {
  return tx.change(forgetSearch, [tenantId, chain, fromSeq, toSeq]);
}
