import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';

/** Two people who take something from one another at once come one after the other. */
export const lockTenant: Statement = { name: 'roles.lock_tenant', text: 'SELECT tenant_id FROM control.tenants WHERE tenant_id = $1 FOR UPDATE' };

/** People who may administer the tenant for good: not those whose role ends, nor those who took it in an emergency. */
export const countAdmins: Statement = {
  name: 'roles.count_admins',
  text: `
    SELECT count(DISTINCT p.id)::int AS admins
      FROM control.role_assignments r
      JOIN control.principals p ON (p.tenant_id, p.id) = (r.tenant_id, r.principal_id)
     WHERE r.tenant_id = $1 AND r.role = 'admin' AND r.expires_at IS NULL AND p.kind = 'person' AND p.disabled_at IS NULL
       AND r.workspace_id = (SELECT w.id FROM control.workspaces w WHERE w.tenant_id = $1 ORDER BY w.created_at, w.id LIMIT 1)`,
};

export interface CustomRoleRow {
  readonly id: string;
  readonly name: string;
  readonly permissions: PermissionName[];
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly in_use: number;
}

const CUSTOM_ROLE = `
    SELECT c.id, c.name, c.permissions, c.version, c.created_by, c.created_at,
           (SELECT count(*) FROM control.role_assignments r WHERE r.tenant_id = c.tenant_id AND r.role = c.id AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()))::int
             + (SELECT count(*) FROM control.group_roles g WHERE g.tenant_id = c.tenant_id AND g.role = c.id)::int AS in_use
      FROM control.custom_roles c
     WHERE c.tenant_id = $1 AND c.archived_at IS NULL`;

export const listCustomRoles: Statement = { name: 'roles.list_custom', text: `${CUSTOM_ROLE} ORDER BY lower(c.name), c.id` };
export const findCustomRole: Statement = { name: 'roles.find_custom', text: `${CUSTOM_ROLE} AND c.id = $2` };

export const insertCustomRole: Statement = {
  name: 'roles.insert_custom',
  text: 'INSERT INTO control.custom_roles (tenant_id, id, name, permissions, created_by) VALUES ($1, $2, $3, $4, $5)',
};

/** $3 and $4 null: as it is. $5 null: whatever its version. */
export const updateCustomRole: Statement = {
  name: 'roles.update_custom',
  text: `UPDATE control.custom_roles SET name = coalesce($3, name), permissions = coalesce($4::text[], permissions), version = version + 1
          WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL AND ($5::int IS NULL OR version = $5)`,
};

export const archiveCustomRole: Statement = {
  name: 'roles.archive_custom',
  text: 'UPDATE control.custom_roles SET archived_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL',
};

export interface AssignmentRow {
  readonly principal_id: string;
  readonly display_name: string;
  readonly kind: 'person' | 'service';
  readonly workspace_id: string;
  readonly role: string;
  readonly source: string;
  readonly granted_by: string | null;
  readonly granted_at: Date;
  readonly expires_at: Date | null;
}

const ASSIGNMENT = `
    SELECT r.principal_id, p.display_name, p.kind, r.workspace_id, r.role, r.source, r.granted_by, r.granted_at, r.expires_at
      FROM control.role_assignments r
      JOIN control.principals p ON (p.tenant_id, p.id) = (r.tenant_id, r.principal_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())`;

export const listAssignments: Statement = {
  name: 'roles.list_assignments',
  text: `${ASSIGNMENT} AND ($3::text IS NULL OR r.principal_id = $3) ORDER BY p.display_name, r.principal_id, r.role, r.source LIMIT 1000`,
};

export const findDirectAssignment: Statement = { name: 'roles.find_direct', text: `${ASSIGNMENT} AND r.principal_id = $3 AND r.role = $4 AND r.source = 'direct'` };

/** Granting again sets when it ends. */
export const grantDirectRole: Statement = {
  name: 'roles.grant_direct',
  text: `INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role, granted_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT role_assignments_pk DO UPDATE SET expires_at = EXCLUDED.expires_at`,
};

export const revokeDirectRole: Statement = {
  name: 'roles.revoke_direct',
  text: `DELETE FROM control.role_assignments WHERE tenant_id = $1 AND workspace_id = $2 AND principal_id = $3 AND role = $4 AND source = 'direct'`,
};

export const findSubject: Statement = { name: 'roles.find_subject', text: 'SELECT id, kind FROM control.principals WHERE tenant_id = $1 AND id = $2' };
export const findWorkspace: Statement = { name: 'roles.find_workspace', text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 AND id = $2' };
export const findGroup: Statement = { name: 'roles.find_group', text: 'SELECT id FROM control.groups WHERE tenant_id = $1 AND id = $2' };

export interface GroupRoleRow {
  readonly workspace_id: string;
  readonly role: string;
  readonly granted_by: string;
  readonly granted_at: Date;
}

export const listGroupRoles: Statement = {
  name: 'roles.list_of_group',
  text: 'SELECT workspace_id, role, granted_by, granted_at FROM control.group_roles WHERE tenant_id = $1 AND group_id = $2 ORDER BY workspace_id, role',
};

export const insertGroupRole: Statement = {
  name: 'roles.insert_of_group',
  text: 'INSERT INTO control.group_roles (tenant_id, group_id, workspace_id, role, granted_by) VALUES ($1, $2, $3, $4, $5)',
};

export const deleteGroupRole: Statement = {
  name: 'roles.delete_of_group',
  text: 'DELETE FROM control.group_roles WHERE tenant_id = $1 AND group_id = $2 AND workspace_id = $3 AND role = $4',
};

/** What members no longer hold by the group: they left, or the group lost the role. $3 is the source. */
export const removeStaleGroupRows: Statement = {
  name: 'roles.remove_stale_group_rows',
  text: `
    DELETE FROM control.role_assignments r
     WHERE r.tenant_id = $1 AND r.source = $3
       AND NOT EXISTS (SELECT FROM control.group_roles g JOIN control.group_members m ON (m.tenant_id, m.group_id) = (g.tenant_id, g.group_id)
                        WHERE g.tenant_id = $1 AND g.group_id = $2 AND (g.workspace_id, g.role, m.principal_id) = (r.workspace_id, r.role, r.principal_id))`,
};

export const addGroupRows: Statement = {
  name: 'roles.add_group_rows',
  text: `
    INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role, source, granted_by)
    SELECT g.tenant_id, g.workspace_id, m.principal_id, g.role, $3, g.granted_by
      FROM control.group_roles g JOIN control.group_members m ON (m.tenant_id, m.group_id) = (g.tenant_id, g.group_id)
     WHERE g.tenant_id = $1 AND g.group_id = $2
    ON CONFLICT ON CONSTRAINT role_assignments_pk DO NOTHING`,
};
