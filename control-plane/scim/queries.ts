import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface UserRow {
  readonly id: string;
  readonly scim_user_name: string;
  readonly external_id: string | null;
  readonly display_name: string;
  readonly given_name: string | null;
  readonly family_name: string | null;
  readonly locale: string | null;
  readonly email: string | null;
  readonly disabled: boolean;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly groups: ReadonlyArray<{ id: string; name: string }>;
}

const USER = `p.id, p.scim_user_name, p.external_id, p.display_name, p.given_name, p.family_name, p.locale, p.email, p.disabled_at IS NOT NULL AS disabled, p.version, p.created_at, p.changed_at,
  coalesce((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) ORDER BY g.name)
     FROM control.group_members m JOIN control.groups g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id) WHERE (m.tenant_id, m.principal_id) = (p.tenant_id, p.id)), '[]') AS groups`;

/** Those whom the directory keeps. `$2` to `$6`: what the filter asks for, or null. */
const SELECTED = `p.tenant_id = $1 AND p.kind = 'person' AND p.scim_user_name IS NOT NULL
       AND ($2::text IS NULL OR lower(p.scim_user_name) = lower($2)) AND ($3::text IS NULL OR p.external_id = $3) AND ($4::text IS NULL OR p.email_lower = lower($4))
       AND ($5::text IS NULL OR p.display_name = $5) AND ($6::text IS NULL OR p.id = $6) AND ($7::boolean IS NULL OR (p.disabled_at IS NULL) = $7)`;

export const listUsers: Statement = {
  name: 'scim.list_users',
  text: `SELECT ${USER} FROM control.principals p WHERE ${SELECTED} ORDER BY p.created_at, p.id OFFSET $8 LIMIT $9`,
};

export const countUsers: Statement = {
  name: 'scim.count_users',
  text: `SELECT count(*)::int AS total FROM control.principals p WHERE ${SELECTED}`,
};

export const findUser: Statement = {
  name: 'scim.find_user',
  text: `SELECT ${USER} FROM control.principals p WHERE p.tenant_id = $1 AND p.id = $2 AND p.kind = 'person' AND p.scim_user_name IS NOT NULL FOR UPDATE OF p`,
};

/** Somebody who is here under this address and whom no directory keeps: they are taken over rather than made twice. */
export const adoptUser: Statement = {
  name: 'scim.adopt_user',
  text: `UPDATE control.principals SET scim_user_name = $3 WHERE tenant_id = $1 AND kind = 'person' AND email_lower = lower($2) AND scim_user_name IS NULL RETURNING id, disabled_at IS NOT NULL AS disabled`,
};

export const insertUser: Statement = {
  name: 'scim.insert_user',
  text: `INSERT INTO control.principals (tenant_id, id, kind, display_name, email, scim_user_name) VALUES ($1, $2, 'person', $3, $4, $5)`,
};

export const updateUser: Statement = {
  name: 'scim.update_user',
  text: `
    UPDATE control.principals SET scim_user_name = $3, external_id = $4, display_name = $5, given_name = $6, family_name = $7, locale = $8, email = $9,
           version = version + 1, changed_at = clock_timestamp()
     WHERE tenant_id = $1 AND id = $2`,
};

/** The row stays, for the audit names its id: it is a person whom no directory keeps, and who cannot sign in. */
export const releaseUser: Statement = {
  name: 'scim.release_user',
  text: 'UPDATE control.principals SET scim_user_name = NULL, external_id = NULL, version = version + 1, changed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
};

export const unlinkIdentities: Statement = {
  name: 'scim.unlink_identities',
  text: 'DELETE FROM control.external_identities WHERE tenant_id = $1 AND principal_id = $2 RETURNING provider_id',
};

export const removePasskeys: Statement = {
  name: 'scim.remove_passkeys',
  text: 'DELETE FROM control.passkeys WHERE tenant_id = $1 AND principal_id = $2 RETURNING id',
};

export const revokeKeys: Statement = {
  name: 'scim.revoke_keys',
  text: 'UPDATE control.api_keys SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND principal_id = $2 AND revoked_at IS NULL RETURNING id',
};

/** Groups of the directory that somebody is in. */
export const scimGroupsOf: Statement = {
  name: 'scim.groups_of',
  text: `SELECT m.group_id FROM control.group_members m JOIN control.groups g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id)
          WHERE m.tenant_id = $1 AND m.principal_id = $2 AND g.source = 'scim'`,
};

const GROUP = `g.id, g.name, g.source, g.external_id, g.version, g.created_at, g.changed_at,
  ARRAY(SELECT m.principal_id FROM control.group_members m WHERE (m.tenant_id, m.group_id) = (g.tenant_id, g.id) ORDER BY m.principal_id) AS members`;
const SELECTED_GROUP = `g.tenant_id = $1 AND g.source = 'scim' AND ($2::text IS NULL OR lower(g.name) = lower($2)) AND ($3::text IS NULL OR g.external_id = $3) AND ($4::text IS NULL OR g.id = $4)`;

export const listScimGroups: Statement = {
  name: 'scim.list_groups',
  text: `SELECT ${GROUP} FROM control.groups g WHERE ${SELECTED_GROUP} ORDER BY g.created_at, g.id OFFSET $5 LIMIT $6`,
};

export const countScimGroups: Statement = {
  name: 'scim.count_groups',
  text: `SELECT count(*)::int AS total FROM control.groups g WHERE ${SELECTED_GROUP}`,
};

export const findScimGroup: Statement = {
  name: 'scim.find_group',
  text: `SELECT ${GROUP} FROM control.groups g WHERE g.tenant_id = $1 AND g.id = $2 AND g.source = 'scim' FOR UPDATE OF g`,
};

export const touchGroup: Statement = {
  name: 'scim.touch_group',
  text: 'UPDATE control.groups SET name = $3, external_id = $4, version = version + 1, changed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
};
