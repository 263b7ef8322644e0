import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { Role } from '@countersign/contracts/openapi/permissions.ts';

export interface CredentialRow {
  readonly secret_sha256: string;
  readonly auth_strength: string;
  /** Null of a key: nobody signs in with one. */
  readonly signed_in_at: Date | null;
  readonly principal_id: string;
  readonly kind: 'person' | 'service';
  readonly display_name: string;
  readonly stale: boolean;
}

/** A session that is alive: not ended, under 24 h old, used in the last 8 h, of a principal who may still sign in. */
export const findSession: Statement = {
  name: 'identity.find_session',
  text: `
    SELECT s.secret_sha256, s.auth_strength, s.created_at AS signed_in_at, p.id AS principal_id, p.kind, p.display_name,
           s.last_seen_at < clock_timestamp() - interval '1 minute' AS stale
      FROM control.sessions s
      JOIN control.principals p ON (p.tenant_id, p.id) = (s.tenant_id, s.principal_id)
     WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND p.disabled_at IS NULL
       AND s.expires_at > clock_timestamp() AND s.last_seen_at > clock_timestamp() - interval '8 hours'`,
};

export const touchSession: Statement = {
  name: 'identity.touch_session',
  text: 'UPDATE control.sessions SET last_seen_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL',
};

export const findApiKey: Statement = {
  name: 'identity.find_api_key',
  text: `
    SELECT k.secret_sha256, 'api_key' AS auth_strength, NULL::timestamptz AS signed_in_at, p.id AS principal_id, p.kind, p.display_name,
           k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute' AS stale
      FROM control.api_keys k
      JOIN control.principals p ON (p.tenant_id, p.id) = (k.tenant_id, k.principal_id)
     WHERE k.tenant_id = $1 AND k.id = $2 AND k.revoked_at IS NULL AND p.disabled_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())`,
};

export const touchApiKey: Statement = {
  name: 'identity.touch_api_key',
  text: 'UPDATE control.api_keys SET last_used_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
};

export interface MembershipRow {
  readonly workspace_id: string;
  readonly roles: Role[];
}

/** The workspace that a principal works in: the oldest where they hold a role, else the tenant's oldest, with no role. */
export const findMembership: Statement = {
  name: 'identity.find_membership',
  text: `
    SELECT w.id AS workspace_id, coalesce(array_agg(r.role ORDER BY r.role) FILTER (WHERE r.role IS NOT NULL), '{}') AS roles
      FROM control.workspaces w
      LEFT JOIN control.role_assignments r ON (r.tenant_id, r.workspace_id) = (w.tenant_id, w.id) AND r.principal_id = $2
     WHERE w.tenant_id = $1
     GROUP BY w.tenant_id, w.id
     ORDER BY count(r.role) > 0 DESC, w.created_at, w.id
     LIMIT 1`,
};

/** Uses a link up: one statement, so that of two requests with one token only one signs in. */
export const consumeLink: Statement = {
  name: 'identity.consume_link',
  text: `
    UPDATE control.sign_in_links l SET used_at = clock_timestamp()
      FROM control.principals p
     WHERE l.tenant_id = $1 AND l.token_sha256 = $2 AND l.used_at IS NULL AND l.expires_at > clock_timestamp()
       AND (p.tenant_id, p.id) = (l.tenant_id, l.principal_id) AND p.disabled_at IS NULL
    RETURNING p.id AS principal_id`,
};

export const insertLink: Statement = {
  name: 'identity.insert_link',
  text: `INSERT INTO control.sign_in_links (tenant_id, token_sha256, principal_id, expires_at)
         VALUES ($1, $2, $3, clock_timestamp() + make_interval(mins => $4))`,
};

export const insertSession: Statement = {
  name: 'identity.insert_session',
  text: `INSERT INTO control.sessions (tenant_id, id, secret_sha256, principal_id, auth_strength, expires_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + interval '24 hours')`,
};

export const revokeSession: Statement = {
  name: 'identity.revoke_session',
  text: 'UPDATE control.sessions SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL',
};

export const insertApiKey: Statement = {
  name: 'identity.insert_api_key',
  text: 'INSERT INTO control.api_keys (tenant_id, id, secret_sha256, principal_id, name) VALUES ($1, $2, $3, $4, $5)',
};

export interface MeRow {
  readonly tenant_slug: string;
  readonly tenant_name: string;
  readonly workspace_slug: string;
  readonly workspace_name: string;
}

export const describeTenant: Statement = {
  name: 'identity.describe_tenant',
  text: `
    SELECT d.slug AS tenant_slug, t.name AS tenant_name, w.slug AS workspace_slug, w.name AS workspace_name
      FROM control.tenants t
      JOIN control.tenant_directory d ON d.tenant_id = t.tenant_id
      JOIN control.workspaces w ON w.tenant_id = t.tenant_id AND w.id = $2
     WHERE t.tenant_id = $1`,
};

export const listTenantIds: Statement = {
  name: 'identity.list_tenant_ids',
  text: 'SELECT tenant_id FROM control.tenant_directory ORDER BY tenant_id',
};
