import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly principal_id: string;
  readonly kind: 'person' | 'service';
  readonly scopes: PermissionName[] | null;
  readonly workspace_id: string | null;
  readonly created_at: Date;
  readonly created_by: string | null;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly replaced_by: string | null;
}

const API_KEY = `
    SELECT k.id, k.name, k.principal_id, p.kind, k.scopes, k.workspace_id, k.created_at, k.created_by, k.expires_at, k.last_used_at, k.replaced_by
      FROM control.api_keys k
      JOIN control.principals p ON (p.tenant_id, p.id) = (k.tenant_id, k.principal_id)
     WHERE k.tenant_id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())`;

/** Keys that work, newest first. */
export const listApiKeys: Statement = { name: 'machines.list_api_keys', text: `${API_KEY} AND k.principal_id = $2 ORDER BY k.created_at DESC, k.id LIMIT 500` };
export const findKey: Statement = { name: 'machines.find_api_key', text: `${API_KEY} AND k.id = $2` };
/** As `findKey`; of two requests that change it one waits. */
export const lockKey: Statement = { name: 'machines.lock_api_key', text: `${API_KEY} AND k.id = $2 FOR UPDATE OF k` };

export const insertKey: Statement = {
  name: 'machines.insert_api_key',
  text: `INSERT INTO control.api_keys (tenant_id, id, secret_sha256, principal_id, name, scopes, workspace_id, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

/** $3 and $4 null: as it is. */
export const updateKey: Statement = {
  name: 'machines.update_api_key',
  text: 'UPDATE control.api_keys SET name = coalesce($3, name), scopes = coalesce($4::text[], scopes) WHERE tenant_id = $1 AND id = $2',
};

/** The old one ends after the overlap, or when it would have ended anyway. */
export const replaceKey: Statement = {
  name: 'machines.replace_api_key',
  text: `UPDATE control.api_keys SET replaced_by = $3, expires_at = least(expires_at, clock_timestamp() + $4::int * interval '1 second') WHERE tenant_id = $1 AND id = $2 AND replaced_by IS NULL`,
};

export const revokeKey: Statement = {
  name: 'machines.revoke_api_key',
  text: 'UPDATE control.api_keys SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL',
};

export interface ServiceRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly roles: Array<{ readonly workspace_id: string; readonly role: string }>;
  readonly api_keys: number;
  readonly clients: number;
  readonly federations: number;
}

const SERVICE = `
    SELECT p.id, p.display_name AS name, p.created_at, p.disabled_at,
           coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_object('workspace_id', r.workspace_id, 'role', r.role)) FROM control.role_assignments r
                      WHERE (r.tenant_id, r.principal_id) = (p.tenant_id, p.id) AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())), '[]') AS roles,
           (SELECT count(*) FROM control.api_keys k WHERE (k.tenant_id, k.principal_id) = (p.tenant_id, p.id) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()))::int AS api_keys,
           (SELECT count(*) FROM control.oauth_clients c WHERE (c.tenant_id, c.principal_id) = (p.tenant_id, p.id) AND c.deleted_at IS NULL)::int AS clients,
           (SELECT count(*) FROM control.federations f WHERE (f.tenant_id, f.principal_id) = (p.tenant_id, p.id) AND f.deleted_at IS NULL)::int AS federations
      FROM control.principals p
     WHERE p.tenant_id = $1 AND p.kind = 'service'`;

export const listServices: Statement = { name: 'machines.list_services', text: `${SERVICE} ORDER BY p.display_name, p.id LIMIT 1000` };
export const findService: Statement = { name: 'machines.find_service', text: `${SERVICE} AND p.id = $2` };

/** $3 null: as it is. $4: whether it may be used, or null. */
export const updateService: Statement = {
  name: 'machines.update_service',
  text: `UPDATE control.principals SET display_name = coalesce($3, display_name),
           disabled_at = CASE WHEN $4::boolean IS NULL THEN disabled_at WHEN $4 THEN coalesce(disabled_at, clock_timestamp()) END
          WHERE tenant_id = $1 AND id = $2 AND kind = 'service'`,
};
