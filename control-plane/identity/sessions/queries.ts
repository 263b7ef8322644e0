import type { Statement } from '@countersign/platform/postgres/database.ts';
import { USUAL_LIMITS } from './repository-session-limits.ts';

/** `$10`: the person signed in just now, by the database's clock; else `$11` as whoever vouches for them says, or null. It lasts as long as the tenant has set. */
export const insertSession: Statement = {
  name: 'sessions.insert',
  text: `
    INSERT INTO control.sessions (tenant_id, id, secret_sha256, principal_id, auth_strength, method, provider_id, acr, amr, signed_in_at, user_agent, address, idle_ms, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9,
           CASE WHEN $10 THEN clock_timestamp() WHEN $11::timestamptz IS NOT NULL THEN least($11, clock_timestamp()) END, $12, $13,
           coalesce(l.idle_ms, ${USUAL_LIMITS.idle_ms}), clock_timestamp() + coalesce(l.absolute_ms, ${USUAL_LIMITS.absolute_ms}) * interval '1 millisecond'
      FROM (SELECT) AS always LEFT JOIN control.session_limits l ON l.tenant_id = $1`,
};

export interface SessionRow {
  readonly id: string;
  readonly principal_id: string;
  readonly auth_strength: string;
  readonly method: 'link' | 'oidc' | 'passkey';
  readonly provider_id: string | null;
  readonly provider_name: string | null;
  readonly signed_in_at: Date | null;
  readonly created_at: Date;
  readonly last_seen_at: Date;
  /** The earlier of both limits: unused for too long, or too old. */
  readonly expires_at: Date;
  readonly user_agent: string | null;
  /** The network that the sign-in came from; null of sessions from before that was kept. */
  readonly address: string | null;
}

const ALIVE = `revoked_at IS NULL AND expires_at > clock_timestamp() AND last_seen_at > clock_timestamp() - idle_ms * interval '1 millisecond'`;

export const listSessions: Statement = {
  name: 'sessions.list',
  text: `
    SELECT id, principal_id, auth_strength, method, provider_id, signed_in_at, created_at, last_seen_at, user_agent, address,
           least(expires_at, last_seen_at + idle_ms * interval '1 millisecond') AS expires_at,
           (SELECT p.name FROM control.identity_providers p WHERE (p.tenant_id, p.id) = (s.tenant_id, s.provider_id)) AS provider_name
      FROM control.sessions s WHERE tenant_id = $1 AND principal_id = $2 AND ${ALIVE}
     ORDER BY created_at DESC, id DESC LIMIT 200`,
};

/** `$4`: whose it must be; null: anybody's. */
export const endSession: Statement = {
  name: 'sessions.end',
  text: `UPDATE control.sessions SET revoked_at = clock_timestamp(), ended_because = $3
          WHERE tenant_id = $1 AND id = $2 AND ($4::text IS NULL OR principal_id = $4) AND ${ALIVE}`,
};

/** `$4`: the one that goes on; null: none. */
export const endSessionsOf: Statement = {
  name: 'sessions.end_of_principal',
  text: `UPDATE control.sessions SET revoked_at = clock_timestamp(), ended_because = $3
          WHERE tenant_id = $1 AND principal_id = $2 AND id IS DISTINCT FROM $4 AND ${ALIVE}
      RETURNING id`,
};

/** The session of a cookie whose secret is right, to be replaced by the next one. */
export const endReplaced: Statement = {
  name: 'sessions.end_replaced',
  text: `UPDATE control.sessions SET revoked_at = clock_timestamp(), ended_because = 'replaced'
          WHERE tenant_id = $1 AND id = $2 AND secret_sha256 = $3 AND ${ALIVE}
      RETURNING principal_id`,
};

/** Only a workspace in which the person has a role; anything else is as if it were not there. */
export const chooseWorkspace: Statement = {
  name: 'sessions.choose_workspace',
  text: `
    UPDATE control.sessions s SET workspace_id = $4
     WHERE s.tenant_id = $1 AND s.id = $2 AND s.principal_id = $3 AND ${ALIVE}
       AND EXISTS (SELECT FROM control.role_assignments r WHERE r.tenant_id = $1 AND r.workspace_id = $4 AND r.principal_id = $3 AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()))`,
};

/** The tenant's oldest workspace: what concerns the whole tenant is managed there, and told in its chain. */
export const homeWorkspace: Statement = {
  name: 'sessions.home_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};
