import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';

export interface CredentialRow {
  readonly secret_sha256: string;
  readonly auth_strength: string;
  /** Null of a key: nobody signs in with one. */
  readonly signed_in_at: Date | null;
  readonly method: 'link' | 'oidc' | 'passkey' | null;
  readonly idp: string | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly principal_id: string;
  readonly kind: 'person' | 'service';
  readonly display_name: string;
  /** Null: all that the principal may. */
  readonly scopes: PermissionName[] | null;
  /** Of a session the one that was chosen last; of a key or token the only one that it works in. */
  readonly workspace_id: string | null;
  /** Of an access token. */
  readonly source: 'client' | 'federation' | null;
  readonly source_id: string | null;
  readonly stale: boolean;
}

/** A session that is alive: not ended, within its absolute limit, used lately, of a principal who may still sign in. */
export const findSession: Statement = {
  name: 'identity.find_session',
  text: `
    SELECT s.secret_sha256, s.auth_strength, s.signed_in_at, s.method, s.provider_id AS idp, s.acr, s.amr, p.id AS principal_id, p.kind, p.display_name,
           NULL::text[] AS scopes, s.workspace_id, NULL AS source, NULL AS source_id, s.last_seen_at < clock_timestamp() - interval '1 minute' AS stale
      FROM control.sessions s
      JOIN control.principals p ON (p.tenant_id, p.id) = (s.tenant_id, s.principal_id)
     WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND p.disabled_at IS NULL
       AND s.expires_at > clock_timestamp() AND s.last_seen_at > clock_timestamp() - s.idle_ms * interval '1 millisecond'`,
};

export const touchSession: Statement = {
  name: 'identity.touch_session',
  text: 'UPDATE control.sessions SET last_seen_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL',
};

export const findApiKey: Statement = {
  name: 'identity.find_api_key',
  text: `
    SELECT k.secret_sha256, 'api_key' AS auth_strength, NULL::timestamptz AS signed_in_at, NULL AS method, NULL AS idp, NULL AS acr, '{}'::text[] AS amr,
           p.id AS principal_id, p.kind, p.display_name, k.scopes, k.workspace_id, NULL AS source, NULL AS source_id,
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

/** What a token came from ends it by revoking it: see machines/queries.ts. */
export const findAccessToken: Statement = {
  name: 'identity.find_access_token',
  text: `
    SELECT t.secret_sha256, 'api_key' AS auth_strength, NULL::timestamptz AS signed_in_at, NULL AS method, NULL AS idp, NULL AS acr, '{}'::text[] AS amr,
           p.id AS principal_id, p.kind, p.display_name, t.scopes, t.workspace_id, t.source, t.source_id, false AS stale
      FROM control.access_tokens t
      JOIN control.principals p ON (p.tenant_id, p.id) = (t.tenant_id, t.principal_id)
     WHERE t.tenant_id = $1 AND t.id = $2 AND t.revoked_at IS NULL AND p.disabled_at IS NULL AND t.expires_at > clock_timestamp()`,
};

/** Who asked for something before, without a credential: roles are looked up as they are now. */
export const findPrincipalById: Statement = {
  name: 'identity.find_principal_by_id',
  text: `
    SELECT '' AS secret_sha256, 'api_key' AS auth_strength, NULL::timestamptz AS signed_in_at, NULL AS method, NULL AS idp, NULL AS acr, '{}'::text[] AS amr,
           p.id AS principal_id, p.kind, p.display_name, NULL::text[] AS scopes, NULL AS workspace_id, NULL AS source, NULL AS source_id, false AS stale
      FROM control.principals p
     WHERE p.tenant_id = $1 AND p.id = $2 AND p.disabled_at IS NULL`,
};

export interface MembershipRow {
  readonly workspace_id: string;
  /** Built-in ones. */
  readonly roles: Role[];
  /** By roles of the tenant's own. */
  readonly custom_permissions: PermissionName[];
  readonly is_home: boolean;
  readonly is_archived: boolean;
}

const NOW = '(r.expires_at IS NULL OR r.expires_at > clock_timestamp())';

const membership = (choice: string, order: string, when = NOW) => `
    WITH held AS (
      SELECT DISTINCT r.workspace_id, r.role FROM control.role_assignments r
       WHERE r.tenant_id = $1 AND r.principal_id = $2 AND ${when}
    ), chosen AS (
      SELECT w.id, w.archived_at FROM control.workspaces w
       WHERE w.tenant_id = $1${choice}
       ORDER BY ${order}EXISTS (SELECT FROM held h WHERE h.workspace_id = w.id) DESC, w.archived_at IS NULL DESC, w.created_at, w.id
       LIMIT 1
    )
    SELECT c.id AS workspace_id,
           coalesce((SELECT array_agg(h.role ORDER BY h.role) FROM held h WHERE h.workspace_id = c.id AND h.role NOT LIKE 'rol\\_%'), '{}') AS roles,
           coalesce((SELECT array_agg(DISTINCT permission ORDER BY permission)
                       FROM held h JOIN control.custom_roles r ON r.tenant_id = $1 AND r.id = h.role AND r.archived_at IS NULL, unnest(r.permissions) permission
                      WHERE h.workspace_id = c.id), '{}') AS custom_permissions,
           c.id = (SELECT w.id FROM control.workspaces w WHERE w.tenant_id = $1 ORDER BY w.created_at, w.id LIMIT 1) AS is_home, c.archived_at IS NOT NULL AS is_archived
      FROM chosen c`;

/** The workspace that a principal works in: the oldest where they hold a role, else the tenant's oldest, with no role. */
export const findMembership: Statement = { name: 'identity.find_membership', text: membership('', '') };

/**
 * As `findMembership`, with $3 the only workspace that is wanted, or null, and $4 the one that is preferred where a role is held in it, or null.
 * No row: there is no such workspace.
 */
export const findMembershipIn: Statement = {
  name: 'identity.find_membership_in',
  text: membership(' AND ($3::text IS NULL OR w.id = $3)', '(w.id = $4::text AND w.archived_at IS NULL AND EXISTS (SELECT FROM held h WHERE h.workspace_id = w.id)) IS TRUE DESC, '),
};

/** In the workspace $3, by roles that do not end before $4; null: that do not end at all. */
export const findLastingMembership: Statement = {
  name: 'identity.find_lasting_membership',
  text: membership(' AND w.id = $3', '', `(r.expires_at IS NULL OR (r.expires_at > clock_timestamp() AND r.expires_at >= $4::timestamptz))`),
};

/** Every workspace in which a principal holds a role now, with what the roles are. */
export const listMemberships: Statement = {
  name: 'identity.list_memberships',
  text: `
    SELECT r.workspace_id, coalesce(array_agg(DISTINCT r.role) FILTER (WHERE r.role NOT LIKE 'rol\\_%'), '{}') AS roles,
           coalesce(array_agg(DISTINCT permission) FILTER (WHERE permission IS NOT NULL), '{}') AS custom_permissions
      FROM control.role_assignments r
      LEFT JOIN control.custom_roles c ON c.tenant_id = r.tenant_id AND c.id = r.role AND c.archived_at IS NULL
      LEFT JOIN LATERAL unnest(c.permissions) permission ON true
     WHERE r.tenant_id = $1 AND r.principal_id = $2 AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
     GROUP BY r.workspace_id`,
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

export const insertApiKey: Statement = {
  name: 'identity.insert_api_key',
  text: 'INSERT INTO control.api_keys (tenant_id, id, secret_sha256, principal_id, name) VALUES ($1, $2, $3, $4, $5)',
};
