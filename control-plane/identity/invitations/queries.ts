import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface InvitationRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly workspace_id: string;
  readonly roles: string[];
  readonly invited_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly accepted_by: string | null;
  readonly state: 'open' | 'accepted' | 'revoked' | 'expired';
}

const COLUMNS = `id, email, display_name, workspace_id, roles, invited_by, created_at, expires_at, accepted_by,
  CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'open' END AS state`;
const OPEN = 'accepted_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()';

export const insertInvitation: Statement = {
  name: 'invitations.insert',
  text: `
    INSERT INTO control.invitations (tenant_id, id, token_sha256, email, display_name, workspace_id, roles, invited_by, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + make_interval(secs => $9))
    RETURNING ${COLUMNS}`,
};

export const listInvitations: Statement = {
  name: 'invitations.list',
  text: `SELECT ${COLUMNS} FROM control.invitations WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 500`,
};

export const revokeInvitation: Statement = {
  name: 'invitations.revoke',
  text: `UPDATE control.invitations SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND ${OPEN}`,
};

/** Locked: two browsers with one token are one after the other. */
export const openByToken: Statement = {
  name: 'invitations.open_by_token',
  text: `SELECT ${COLUMNS} FROM control.invitations WHERE tenant_id = $1 AND token_sha256 = $2 AND ${OPEN} FOR UPDATE`,
};

export const openByEmail: Statement = {
  name: 'invitations.open_by_email',
  text: `SELECT ${COLUMNS} FROM control.invitations WHERE tenant_id = $1 AND lower(email) = lower($2) AND ${OPEN} ORDER BY created_at DESC LIMIT 1 FOR UPDATE`,
};

export const markAccepted: Statement = {
  name: 'invitations.mark_accepted',
  text: 'UPDATE control.invitations SET accepted_by = $3, accepted_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
};

export const personByEmail: Statement = {
  name: 'invitations.person_by_email',
  text: `SELECT id, disabled_at IS NOT NULL AS disabled FROM control.principals WHERE tenant_id = $1 AND kind = 'person' AND email_lower = lower($2)`,
};
