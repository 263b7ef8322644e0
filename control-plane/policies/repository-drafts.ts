import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface DraftSummaryRow {
  readonly id: string;
  readonly layer: string;
  readonly compiled_on: string;
  readonly valid: boolean;
  readonly digest: string;
  readonly stack_digest: string;
  readonly packs: string[] | null;
  readonly errors: number;
  readonly warnings: number;
  readonly created_by: string;
  readonly created_at: Date;
}

export interface DraftRow extends DraftSummaryRow {
  /** Canonical JSON of {files, data, packs}. */
  readonly source: string;
  readonly report: string;
}

const SUMMARY = 'id, layer, compiled_on, valid, digest, stack_digest, packs, errors, warnings, created_by, created_at';

export const insertDraft: Statement = {
  name: 'policies.insert_draft',
  text: `
    INSERT INTO control.policy_drafts (tenant_id, id, workspace_id, environment_id, compiled_on, source, digest, packs, stack_digest, valid, errors, warnings, report, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
};

export const findDraft: Statement = {
  name: 'policies.find_draft',
  text: `SELECT ${SUMMARY}, source, report FROM control.policy_drafts WHERE tenant_id = $1 AND id = $2`,
};

export const listDrafts: Statement = {
  name: 'policies.list_drafts',
  text: `
    SELECT ${SUMMARY}, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
      FROM control.policy_drafts
     WHERE tenant_id = $1 AND layer = $2 AND ($3::timestamptz IS NULL OR (created_at, id) < ($3::timestamptz, $4))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
};

/** What nobody published within a month; a draft that became a version is in the object store by then. */
export const forgetDrafts: Statement = {
  name: 'policies.forget_drafts',
  text: `DELETE FROM control.policy_drafts WHERE tenant_id = $1 AND created_at < clock_timestamp() - interval '30 days'`,
};
