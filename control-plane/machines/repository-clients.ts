import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';

export interface ClientRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly principal_id: string;
  readonly scopes: PermissionName[];
  readonly workspace_id: string | null;
  readonly token_ttl_s: number;
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly disabled_at: Date | null;
  readonly previous_until: Date | null;
  /** What it signs with; one that has any has no secret. */
  readonly keys: Array<{ readonly kid: string; readonly algorithm: 'ES256' | 'EdDSA' | 'PS256'; readonly added_at: string }>;
}

const CLIENT = `
    SELECT tenant_id, id, name, principal_id, scopes, workspace_id, token_ttl_s, version, created_by, created_at, last_used_at, disabled_at, previous_until,
           coalesce((SELECT jsonb_agg(jsonb_build_object('kid', k.kid, 'algorithm', k.algorithm, 'added_at', to_char(k.added_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY k.added_at, k.kid)
                       FROM control.oauth_client_keys k WHERE (k.tenant_id, k.client_id) = (oauth_clients.tenant_id, oauth_clients.id)), '[]') AS keys
      FROM control.oauth_clients
     WHERE tenant_id = $1 AND deleted_at IS NULL`;

export const listClients: Statement = { name: 'machines.list_clients', text: `${CLIENT} ORDER BY lower(name), id LIMIT 1000` };
export const findClient: Statement = { name: 'machines.find_client', text: `${CLIENT} AND id = $2` };

export const insertClient: Statement = {
  name: 'machines.insert_client',
  text: `INSERT INTO control.oauth_clients (tenant_id, id, name, principal_id, secret_sha256, scopes, workspace_id, token_ttl_s, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

/** Null: as it is. $6: whether it may be used, or null. $7: the version that was read, or null. */
export const updateClient: Statement = {
  name: 'machines.update_client',
  text: `UPDATE control.oauth_clients SET name = coalesce($3, name), scopes = coalesce($4::text[], scopes), token_ttl_s = coalesce($5::int, token_ttl_s), version = version + 1,
           disabled_at = CASE WHEN $6::boolean IS NULL THEN disabled_at WHEN $6 THEN coalesce(disabled_at, clock_timestamp()) END
          WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND ($7::int IS NULL OR version = $7)`,
};

/** The secret before holds for $4 seconds more; one that was before that no longer. $5 is shown the new one. */
export const rotateClient: Statement = {
  name: 'machines.rotate_client',
  text: `UPDATE control.oauth_clients SET previous_secret_sha256 = secret_sha256, previous_until = clock_timestamp() + $4::int * interval '1 second', secret_sha256 = $3, rotated_by = array_append(array_remove(rotated_by, $5), $5), version = version + 1
          WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL`,
};

export const deleteClient: Statement = {
  name: 'machines.delete_client',
  text: 'UPDATE control.oauth_clients SET deleted_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL',
};

export interface ClientSecretRow {
  readonly principal_id: string;
  readonly secret_sha256: string;
  /** Null once the overlap is over. */
  readonly previous_secret_sha256: string | null;
  readonly scopes: PermissionName[];
  readonly workspace_id: string | null;
  readonly token_ttl_s: number;
}

export const findClientSecret: Statement = {
  name: 'machines.find_client_secret',
  text: `
    SELECT c.principal_id, c.secret_sha256, CASE WHEN c.previous_until > clock_timestamp() THEN c.previous_secret_sha256 END AS previous_secret_sha256, c.scopes, c.workspace_id, c.token_ttl_s
      FROM control.oauth_clients c
      JOIN control.principals p ON (p.tenant_id, p.id) = (c.tenant_id, c.principal_id) AND p.disabled_at IS NULL
     WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND c.disabled_at IS NULL`,
};

export const touchClient: Statement = { name: 'machines.touch_client', text: 'UPDATE control.oauth_clients SET last_used_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2' };

export const insertToken: Statement = {
  name: 'machines.insert_token',
  text: `INSERT INTO control.access_tokens (tenant_id, id, secret_sha256, principal_id, source, source_id, scopes, workspace_id, claims_digest, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + $10::int * interval '1 second') RETURNING expires_at`,
};

export interface TokenRow {
  readonly secret_sha256: string;
  readonly principal_id: string;
}

export const findToken: Statement = {
  name: 'machines.find_token',
  text: 'SELECT secret_sha256, principal_id FROM control.access_tokens WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND expires_at > clock_timestamp()',
};
export const revokeToken: Statement = { name: 'machines.revoke_token', text: 'UPDATE control.access_tokens SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL' };

/** What a client or a federation has issued ends with it. */
export const revokeTokensOf: Statement = {
  name: 'machines.revoke_tokens_of',
  text: 'UPDATE control.access_tokens SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND source_id = $2 AND revoked_at IS NULL',
};

/** A day after its end nobody asks for a token any more; the audit says that it was. */
export const forgetTokens: Statement = { name: 'machines.forget_tokens', text: `DELETE FROM control.access_tokens WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '1 day'` };
