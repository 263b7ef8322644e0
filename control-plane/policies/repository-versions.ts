import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface VersionRow {
  readonly layer: string;
  readonly version: number;
  readonly digest: string;
  readonly object_key: string;
  readonly packs: string[] | null;
  readonly message: string;
  readonly draft_id: string;
  readonly published_by: string;
  readonly published_at: Date;
}

const COLUMNS = 'layer, version, digest, object_key, packs, message, draft_id, published_by, published_at';

export const findVersion: Statement = {
  name: 'policies.find_version',
  text: `SELECT ${COLUMNS} FROM control.policy_versions WHERE tenant_id = $1 AND layer = $2 AND version = $3`,
};

export const findVersionByDigest: Statement = {
  name: 'policies.find_version_by_digest',
  text: `SELECT ${COLUMNS} FROM control.policy_versions WHERE tenant_id = $1 AND layer = $2 AND digest = $3`,
};

export const newestVersion: Statement = {
  name: 'policies.newest_version',
  text: `SELECT ${COLUMNS} FROM control.policy_versions WHERE tenant_id = $1 AND layer = $2 ORDER BY version DESC LIMIT 1`,
};

/** The newest of each of the layers `$2`. */
export const newestVersions: Statement = {
  name: 'policies.newest_versions',
  text: `SELECT DISTINCT ON (layer) ${COLUMNS} FROM control.policy_versions WHERE tenant_id = $1 AND layer = ANY ($2::text[]) ORDER BY layer, version DESC`,
};

/** Newest first; a place in the list is a time and a version. */
export const listVersions: Statement = {
  name: 'policies.list_versions',
  text: `
    SELECT ${COLUMNS}, version::text AS id, to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
      FROM control.policy_versions
     WHERE tenant_id = $1 AND layer = $2 AND ($3::timestamptz IS NULL OR (published_at, version) < ($3::timestamptz, $4::int))
     ORDER BY published_at DESC, version DESC LIMIT $5`,
};

/** The next version of a layer; the tenant is locked, so that they count without gaps. */
export const insertVersion: Statement = {
  name: 'policies.insert_version',
  text: `
    INSERT INTO control.policy_versions (tenant_id, workspace_id, environment_id, version, digest, object_key, packs, message, draft_id, published_by)
    SELECT $1, $2, $3, coalesce((SELECT max(v.version) FROM control.policy_versions v WHERE v.tenant_id = $1 AND v.layer = coalesce($3, $2, 'tenant')), 0) + 1, $4, $5, $6, $7, $8, $9
    RETURNING ${COLUMNS}`,
};

/** One at a time publishes in a tenant. */
export const lockTenant: Statement = {
  name: 'policies.lock_tenant',
  text: 'SELECT tenant_id FROM control.tenants WHERE tenant_id = $1 FOR NO KEY UPDATE',
};
