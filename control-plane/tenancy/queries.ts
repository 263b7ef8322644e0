import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface DirectoryRow {
  readonly id: string;
  readonly slug: string;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly state: 'active' | 'suspended' | 'moving' | 'moved' | 'deleting' | 'deleted';
  readonly state_since: Date;
  readonly moved_to: string | null;
  readonly created_at: Date;
  readonly cursor_at: string;
}

const DIRECTORY_COLUMNS = `d.tenant_id AS id, d.slug, d.region, d.cell, d.state, d.state_since, d.moved_to, d.created_at,
           to_char(d.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`;

/** Newest first. */
export const listDirectory: Statement = {
  name: 'tenancy.list_directory',
  text: `
    SELECT ${DIRECTORY_COLUMNS} FROM control.tenant_directory d
     WHERE $1::timestamptz IS NULL OR (d.created_at, d.tenant_id) < ($1, $2)
     ORDER BY d.created_at DESC, d.tenant_id DESC LIMIT $3`,
};

export interface TenantRow extends DirectoryRow {
  readonly name: string;
}

export const findTenantById: Statement = {
  name: 'tenancy.find_tenant',
  text: `SELECT ${DIRECTORY_COLUMNS}, t.name FROM control.tenant_directory d JOIN control.tenants t ON t.tenant_id = d.tenant_id WHERE d.tenant_id = $1`,
};

export const renameTenant: Statement = {
  name: 'tenancy.rename_tenant',
  text: 'UPDATE control.tenants SET name = $2 WHERE tenant_id = $1',
};

/** Of a tenant that is on its way elsewhere or being deleted, nobody changes the state by hand. */
export const setTenantState: Statement = {
  name: 'tenancy.set_tenant_state',
  text: `UPDATE control.tenant_directory SET state = $2, state_since = clock_timestamp() WHERE tenant_id = $1 AND state IN ('active', 'suspended') AND state <> $2`,
};

export const nameAdministrator: Statement = {
  name: 'tenancy.name_administrator',
  text: 'UPDATE control.principals SET email = $3 WHERE tenant_id = $1 AND id = $2',
};

/** The tenant's oldest workspace: what concerns the tenant as a whole is decided and audited there. */
export const findHomeWorkspace: Statement = {
  name: 'tenancy.home_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};

export interface WorkspaceRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly created_at: Date;
  readonly environments: ReadonlyArray<{ readonly id: string; readonly name: 'dev' | 'staging' | 'prod' }>;
  readonly is_home: boolean;
  readonly archived_at: Date | null;
}

/** All workspaces of a tenant, the oldest first; of one where `$2` names it. */
export const listWorkspaces: Statement = {
  name: 'tenancy.list_workspaces',
  text: `
    SELECT w.id, w.slug, w.name, w.created_at, w.archived_at,
           (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.ordinal) FROM control.environments e WHERE (e.tenant_id, e.workspace_id) = (w.tenant_id, w.id)) AS environments,
           NOT EXISTS (SELECT FROM control.workspaces o WHERE o.tenant_id = w.tenant_id AND (o.created_at, o.id) < (w.created_at, w.id)) AS is_home
      FROM control.workspaces w
     WHERE w.tenant_id = $1 AND ($2::text IS NULL OR w.id = $2)
     ORDER BY w.created_at, w.id`,
};

export const workspaceSlugTaken: Statement = {
  name: 'tenancy.workspace_slug_taken',
  text: 'SELECT EXISTS (SELECT FROM control.workspaces WHERE tenant_id = $1 AND slug = $2) AS taken',
};

export const renameWorkspace: Statement = {
  name: 'tenancy.rename_workspace',
  text: 'UPDATE control.workspaces SET name = $3 WHERE tenant_id = $1 AND id = $2',
};

/** 0 rows where it is archived already. */
export const archiveWorkspace: Statement = {
  name: 'tenancy.archive_workspace',
  text: 'UPDATE control.workspaces SET archived_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL',
};

/** 0 rows where it is not archived. */
export const restoreWorkspace: Statement = {
  name: 'tenancy.restore_workspace',
  text: 'UPDATE control.workspaces SET archived_at = NULL WHERE tenant_id = $1 AND id = $2 AND archived_at IS NOT NULL',
};

export interface WorkUnderWayRow {
  readonly runs: number;
  readonly deliveries: number;
}

/** What has not ended, and what is about to begin; the reconciler's own run never ends and is none. */
export const countWorkUnderWay: Statement = {
  name: 'tenancy.count_work_under_way',
  text: `
    SELECT (SELECT count(*) FROM execution.runs r WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.trigger_kind <> 'system' AND r.state NOT IN ('succeeded', 'failed', 'cancelled'))::int AS runs,
           (SELECT count(*) FROM execution.deliveries d WHERE d.tenant_id = $1 AND d.workspace_id = $2 AND d.state = 'accepted')::int AS deliveries`,
};

export interface EnvironmentRow {
  readonly id: string;
  readonly name: 'dev' | 'staging' | 'prod';
  readonly workspace_id: string;
  readonly ordinal: number;
  readonly active_workflows: number;
  readonly instances: number;
}

/** Of one workspace, in the order of promotion. */
export const listEnvironments: Statement = {
  name: 'tenancy.list_environments',
  text: `
    SELECT e.id, e.name, e.workspace_id, e.ordinal,
           (SELECT count(*) FROM control.workflow_activations a WHERE a.tenant_id = e.tenant_id AND a.environment_id = e.id AND a.enabled)::int AS active_workflows,
           (SELECT count(*) FROM control.connector_instances i WHERE i.tenant_id = e.tenant_id AND i.environment_id = e.id AND i.enabled)::int AS instances
      FROM control.environments e WHERE e.tenant_id = $1 AND e.workspace_id = $2 ORDER BY e.ordinal`,
};

/** Whoever makes a workspace has there what they have at home of their own, and no more. */
export const copyOwnRoles: Statement = {
  name: 'tenancy.copy_own_roles',
  text: `INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role)
         SELECT r.tenant_id, $3, r.principal_id, r.role FROM control.role_assignments r
          WHERE r.tenant_id = $1 AND r.principal_id = $2 AND r.workspace_id = $4 AND r.source = 'direct' AND r.expires_at IS NULL
         RETURNING role`,
};
