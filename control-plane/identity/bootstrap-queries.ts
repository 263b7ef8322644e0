import type { Statement } from '@countersign/platform/postgres/database.ts';

export const findTenant: Statement = {
  name: 'bootstrap.find_tenant',
  text: 'SELECT tenant_id FROM control.tenant_directory WHERE slug = $1',
};

export const insertTenantDirectory: Statement = {
  name: 'bootstrap.insert_tenant_directory',
  text: 'INSERT INTO control.tenant_directory (tenant_id, slug, region, cell) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
};

export const insertTenant: Statement = {
  name: 'bootstrap.insert_tenant',
  text: 'INSERT INTO control.tenants (tenant_id, name) VALUES ($1, $2)',
};

export const insertWorkspace: Statement = {
  name: 'bootstrap.insert_workspace',
  text: 'INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, $3, $4)',
};

export const insertEnvironment: Statement = {
  name: 'bootstrap.insert_environment',
  text: 'INSERT INTO control.environments (tenant_id, workspace_id, id, name, ordinal) VALUES ($1, $2, $3, $4, $5)',
};

export const insertPrincipal: Statement = {
  name: 'bootstrap.insert_principal',
  text: 'INSERT INTO control.principals (tenant_id, id, kind, display_name) VALUES ($1, $2, $3, $4)',
};

export const grantRole: Statement = {
  name: 'bootstrap.grant_role',
  text: 'INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role) VALUES ($1, $2, $3, $4)',
};

export interface AdministratorRow {
  readonly principal_id: string;
  readonly workspace_id: string;
}

/** The first person who was made an admin: whoever holds the machine acts for them. */
export const findAdministrator: Statement = {
  name: 'bootstrap.find_administrator',
  text: `
    SELECT r.principal_id, r.workspace_id
      FROM control.role_assignments r
      JOIN control.principals p ON (p.tenant_id, p.id) = (r.tenant_id, r.principal_id)
      JOIN control.workspaces w ON (w.tenant_id, w.id) = (r.tenant_id, r.workspace_id)
     WHERE r.tenant_id = $1 AND r.role = 'admin' AND r.expires_at IS NULL AND p.kind = 'person' AND p.disabled_at IS NULL
     ORDER BY w.created_at, p.created_at, p.id LIMIT 1`,
};
