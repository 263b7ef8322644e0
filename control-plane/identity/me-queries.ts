import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface TenantRow {
  readonly tenant_slug: string;
  readonly tenant_name: string;
  readonly workspace_slug: string;
  readonly workspace_name: string;
}

export const describeTenant: Statement = {
  name: 'me.describe_tenant',
  text: `
    SELECT d.slug AS tenant_slug, t.name AS tenant_name, w.slug AS workspace_slug, w.name AS workspace_name
      FROM control.tenants t
      JOIN control.tenant_directory d ON d.tenant_id = t.tenant_id
      JOIN control.workspaces w ON w.tenant_id = t.tenant_id AND w.id = $2
     WHERE t.tenant_id = $1`,
};

export interface WorkspaceRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly is_home: boolean;
  readonly roles: readonly string[];
}

/** The workspaces that somebody may choose: where they have a role. */
export const workspacesOf: Statement = {
  name: 'me.workspaces_of',
  text: `
    SELECT w.id, w.slug, w.name, w.id = (SELECT h.id FROM control.workspaces h WHERE h.tenant_id = $1 ORDER BY h.created_at, h.id LIMIT 1) AS is_home, array_agg(DISTINCT r.role ORDER BY r.role) AS roles
      FROM control.role_assignments r JOIN control.workspaces w ON (w.tenant_id, w.id) = (r.tenant_id, r.workspace_id)
     WHERE r.tenant_id = $1 AND r.principal_id = $2 AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()) AND w.archived_at IS NULL
     GROUP BY w.id, w.slug, w.name, w.created_at ORDER BY w.created_at, w.id`,
};
