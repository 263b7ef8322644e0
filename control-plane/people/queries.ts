import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface PersonRow {
  readonly id: string;
  readonly display_name: string;
  readonly email: string | null;
  readonly disabled: boolean;
  readonly provisioned: boolean;
  readonly created_at: Date;
  readonly last_seen_at: Date | null;
  readonly roles: ReadonlyArray<{ workspace_id: string; role: string; source: string }>;
  readonly groups: ReadonlyArray<{ id: string; name: string }>;
  readonly identities: ReadonlyArray<{ provider_id: string; provider_name: string; linked_at: string }>;
  readonly passkeys: number;
  readonly cursor_at: string;
}

const COLUMNS = `
  p.id, p.display_name, p.email, p.disabled_at IS NOT NULL AS disabled, p.scim_user_name IS NOT NULL AS provisioned, p.created_at,
  to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at,
  (SELECT max(s.last_seen_at) FROM control.sessions s WHERE (s.tenant_id, s.principal_id) = (p.tenant_id, p.id)) AS last_seen_at,
  (SELECT count(*)::int FROM control.passkeys k WHERE (k.tenant_id, k.principal_id) = (p.tenant_id, p.id)) AS passkeys,
  coalesce((SELECT jsonb_agg(jsonb_build_object('workspace_id', r.workspace_id, 'role', r.role, 'source', r.source) ORDER BY r.workspace_id, r.role, r.source)
     FROM control.role_assignments r WHERE (r.tenant_id, r.principal_id) = (p.tenant_id, p.id) AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())), '[]') AS roles,
  coalesce((SELECT jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) ORDER BY g.name)
     FROM control.group_members m JOIN control.groups g ON (g.tenant_id, g.id) = (m.tenant_id, m.group_id) WHERE (m.tenant_id, m.principal_id) = (p.tenant_id, p.id)), '[]') AS groups,
  coalesce((SELECT jsonb_agg(jsonb_build_object('provider_id', i.id, 'provider_name', i.name, 'linked_at', to_char(x.linked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY i.name)
     FROM control.external_identities x JOIN control.identity_providers i ON (i.tenant_id, i.id) = (x.tenant_id, x.provider_id) WHERE (x.tenant_id, x.principal_id) = (p.tenant_id, p.id)), '[]') AS identities`;

/** `$2`: part of a name or an address, or null. `$3`, `$4`: the place of the page before. */
export const listPeople: Statement = {
  name: 'people.list',
  text: `
    SELECT ${COLUMNS} FROM control.principals p
     WHERE p.tenant_id = $1 AND p.kind = 'person'
       AND ($2::text IS NULL OR strpos(lower(p.display_name), lower($2)) > 0 OR strpos(p.email_lower, lower($2)) > 0)
       AND ($3::timestamptz IS NULL OR (p.created_at, p.id) < ($3, $4))
     ORDER BY p.created_at DESC, p.id DESC LIMIT $5`,
};

export const findPerson: Statement = {
  name: 'people.find',
  text: `SELECT ${COLUMNS} FROM control.principals p WHERE p.tenant_id = $1 AND p.id = $2 AND p.kind = 'person'`,
};

/** `$4`: disabled or not; null: as it is. Gives what it was before. */
export const updatePerson: Statement = {
  name: 'people.update',
  text: `
    UPDATE control.principals p
       SET display_name = coalesce($3, p.display_name), version = p.version + 1, changed_at = clock_timestamp(),
           disabled_at = CASE WHEN $4::boolean IS NULL THEN p.disabled_at WHEN $4 THEN coalesce(p.disabled_at, clock_timestamp()) END
      FROM (SELECT tenant_id, id, disabled_at FROM control.principals WHERE tenant_id = $1 AND id = $2 AND kind = 'person' FOR UPDATE) before
     WHERE (p.tenant_id, p.id) = (before.tenant_id, before.id)
    RETURNING before.disabled_at IS NOT NULL AS was_disabled`,
};

/** What a disabled person has begun ends with them. */
export const revokeInvitationsBy: Statement = {
  name: 'people.revoke_invitations_by',
  text: `UPDATE control.invitations SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id`,
};

export interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly source: 'scim' | 'oidc' | 'local';
  readonly external_id: string | null;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly members: string[];
}

const GROUP = `g.id, g.name, g.source, g.external_id, g.version, g.created_at, g.changed_at,
  ARRAY(SELECT m.principal_id FROM control.group_members m WHERE (m.tenant_id, m.group_id) = (g.tenant_id, g.id) ORDER BY m.principal_id) AS members`;

export const listGroups: Statement = {
  name: 'people.list_groups',
  text: `SELECT ${GROUP} FROM control.groups g WHERE g.tenant_id = $1 ORDER BY g.name, g.id LIMIT 1000`,
};

export const findGroup: Statement = {
  name: 'people.find_group',
  text: `SELECT ${GROUP} FROM control.groups g WHERE g.tenant_id = $1 AND g.id = $2`,
};

export const insertGroup: Statement = {
  name: 'people.insert_group',
  text: 'INSERT INTO control.groups (tenant_id, id, name, source, external_id) VALUES ($1, $2, $3, $4, $5)',
};

export const renameGroup: Statement = {
  name: 'people.rename_group',
  text: 'UPDATE control.groups SET name = $3, external_id = coalesce($4, external_id), version = version + 1, changed_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
};

/** Only principals of this tenant: whoever is none is left out, and told by the count. */
export const addMembers: Statement = {
  name: 'people.add_members',
  text: `INSERT INTO control.group_members (tenant_id, group_id, principal_id)
         SELECT p.tenant_id, $2, p.id FROM control.principals p WHERE p.tenant_id = $1 AND p.id = ANY ($3) AND p.kind = 'person'
         ON CONFLICT DO NOTHING RETURNING principal_id`,
};

export const removeMembers: Statement = {
  name: 'people.remove_members',
  text: 'DELETE FROM control.group_members WHERE tenant_id = $1 AND group_id = $2 AND principal_id = ANY ($3) RETURNING principal_id',
};

export const countPeople: Statement = {
  name: 'people.count',
  text: `SELECT count(*)::int AS found FROM control.principals WHERE tenant_id = $1 AND id = ANY ($2) AND kind = 'person'`,
};

export const deleteGroupRoles: Statement = { name: 'people.delete_group_roles', text: 'DELETE FROM control.group_roles WHERE tenant_id = $1 AND group_id = $2' };
export const deleteGroupMembers: Statement = { name: 'people.delete_group_members', text: 'DELETE FROM control.group_members WHERE tenant_id = $1 AND group_id = $2' };
export const deleteGroup: Statement = { name: 'people.delete_group', text: 'DELETE FROM control.groups WHERE tenant_id = $1 AND id = $2' };

/** What a group gives to whoever joins it. */
export const rolesOfGroup: Statement = {
  name: 'people.roles_of_group',
  text: 'SELECT workspace_id, role FROM control.group_roles WHERE tenant_id = $1 AND group_id = $2',
};
