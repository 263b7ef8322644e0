import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import type { Condition } from './conditions.ts';

export interface FederationRow {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly principal_id: string;
  readonly conditions: Condition[];
  readonly scopes: PermissionName[];
  readonly workspace_id: string | null;
  readonly token_ttl_s: number;
  readonly enabled: boolean;
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
}

const FEDERATION = `
    SELECT f.id, f.name, f.issuer, f.audience, f.principal_id, f.conditions, f.scopes, f.workspace_id, f.token_ttl_s, f.enabled, f.version, f.created_by, f.created_at, f.last_used_at
      FROM control.federations f
      JOIN control.principals p ON (p.tenant_id, p.id) = (f.tenant_id, f.principal_id)
     WHERE f.tenant_id = $1 AND f.deleted_at IS NULL`;

export const listFederations: Statement = { name: 'machines.list_federations', text: `${FEDERATION} ORDER BY lower(f.name), f.id LIMIT 500` };
export const findFederation: Statement = { name: 'machines.find_federation', text: `${FEDERATION} AND f.id = $2` };
/** In the order in which they are asked. */
export const federationsOf: Statement = { name: 'machines.federations_of', text: `${FEDERATION} AND f.issuer = $2 AND f.enabled AND p.disabled_at IS NULL ORDER BY f.created_at, f.id` };

export const insertFederation: Statement = {
  name: 'machines.insert_federation',
  text: `INSERT INTO control.federations (tenant_id, id, name, issuer, audience, principal_id, conditions, scopes, workspace_id, token_ttl_s, enabled, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12)`,
};

/** Null: as it is. $9: the version that was read, or null. $10 changes it. */
export const updateFederation: Statement = {
  name: 'machines.update_federation',
  text: `UPDATE control.federations SET name = coalesce($3, name), audience = coalesce($4, audience), conditions = coalesce($5::jsonb, conditions), scopes = coalesce($6::text[], scopes),
           token_ttl_s = coalesce($7::int, token_ttl_s), enabled = coalesce($8::boolean, enabled), changed_by = array_append(array_remove(changed_by, $10), $10), version = version + 1
          WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND ($9::int IS NULL OR version = $9)`,
};

export const deleteFederation: Statement = {
  name: 'machines.delete_federation',
  text: 'UPDATE control.federations SET deleted_at = clock_timestamp(), enabled = false WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL',
};

export const touchFederation: Statement = { name: 'machines.touch_federation', text: 'UPDATE control.federations SET last_used_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2' };

/** Of two exchanges of one token one is the first. */
export const useTokenId: Statement = {
  name: 'machines.use_token_id',
  text: 'INSERT INTO control.federation_replays (tenant_id, federation_id, jti_sha256, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
};

/** Past the tolerance of clocks nobody accepts the token anyway. */
export const forgetTokenIds: Statement = { name: 'machines.forget_token_ids', text: `DELETE FROM control.federation_replays WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '10 minutes'` };

export const findTenantNamed: Statement = { name: 'machines.find_tenant_named', text: 'SELECT tenant_id FROM control.tenant_directory WHERE slug = $1 OR tenant_id = $1' };
