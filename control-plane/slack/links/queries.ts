import type { Role } from '@countersign/contracts/openapi/permissions.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface LinkRow {
  readonly installation: string;
  readonly slack_user: string;
  readonly slack_name: string;
  readonly principal_id: string;
  readonly display_name: string;
  readonly linked_at: Date;
}

const LINK = 'l.installation, l.slack_user, l.slack_name, l.principal_id, p.display_name, l.linked_at';
const LINK_OF_PRINCIPAL = 'control.slack_links l JOIN control.principals p ON (p.tenant_id, p.id) = (l.tenant_id, l.principal_id)';

export const listLinks: Statement = {
  name: 'slack.list_links',
  text: `SELECT ${LINK} FROM ${LINK_OF_PRINCIPAL} WHERE l.tenant_id = $1 ORDER BY l.linked_at, l.installation, l.slack_user`,
};

/** Who a Slack user is, if they are anybody who may still sign in. */
export const findLink: Statement = {
  name: 'slack.find_link',
  text: `SELECT ${LINK} FROM ${LINK_OF_PRINCIPAL} WHERE l.tenant_id = $1 AND l.installation = $2 AND l.slack_user = $3 AND p.disabled_at IS NULL AND p.kind = 'person'`,
};

/** Leaves the link of somebody else alone; linking oneself again changes the name only. */
export const insertLink: Statement = {
  name: 'slack.insert_link',
  text: `
    INSERT INTO control.slack_links AS l (tenant_id, installation, slack_user, slack_name, principal_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, installation, slack_user) DO UPDATE SET slack_name = $4, home_shown = NULL WHERE l.principal_id = $5`,
};

/** Null as principal: whoever's link it is. */
export const deleteLink: Statement = {
  name: 'slack.delete_link',
  text: 'DELETE FROM control.slack_links WHERE tenant_id = $1 AND installation = $2 AND slack_user = $3 AND ($4::text IS NULL OR principal_id = $4) RETURNING principal_id',
};

export const insertLinkRequest: Statement = {
  name: 'slack.insert_link_request',
  text: `INSERT INTO control.slack_link_requests (tenant_id, nonce_sha256, installation, slack_user, slack_name, expires_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + interval '10 minutes')`,
};

export interface LinkRequestRow {
  readonly installation: string;
  readonly installation_name: string;
  readonly slack_user: string;
  readonly slack_name: string;
  readonly expires_at: Date;
}

export const findLinkRequest: Statement = {
  name: 'slack.find_link_request',
  text: `
    SELECT r.installation, i.name AS installation_name, r.slack_user, r.slack_name, r.expires_at
      FROM control.slack_link_requests r JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (r.tenant_id, r.installation)
     WHERE r.tenant_id = $1 AND r.nonce_sha256 = $2 AND r.used_at IS NULL AND r.expires_at > clock_timestamp() AND i.revoked_at IS NULL`,
};

/** Of two requests with one nonce only one links. */
export const useLinkRequest: Statement = {
  name: 'slack.use_link_request',
  text: `UPDATE control.slack_link_requests SET used_at = clock_timestamp()
          WHERE tenant_id = $1 AND nonce_sha256 = $2 AND used_at IS NULL AND expires_at > clock_timestamp()
         RETURNING installation, slack_user, slack_name`,
};

export interface MemberRow {
  readonly roles: Role[];
}

/** What a principal may do in one workspace now; none when they may no longer sign in. */
export const rolesIn: Statement = {
  name: 'slack.roles_in',
  text: `
    SELECT coalesce(array_agg(DISTINCT r.role ORDER BY r.role) FILTER (WHERE r.role NOT LIKE 'rol\\_%'), '{}') AS roles
      FROM control.principals p
      LEFT JOIN control.role_assignments r ON (r.tenant_id, r.principal_id) = (p.tenant_id, p.id) AND r.workspace_id = $3
       AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
     WHERE p.tenant_id = $1 AND p.id = $2 AND p.disabled_at IS NULL`,
};

export const openedHome: Statement = {
  name: 'slack.opened_home',
  text: 'UPDATE control.slack_links SET home_opened_at = clock_timestamp(), home_shown = NULL WHERE tenant_id = $1 AND installation = $2 AND slack_user = $3',
};
