import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface EnvironmentRow {
  readonly id: string;
  readonly name: string;
  readonly ordinal: number;
  readonly workspace_id: string;
}

/** By the order of promotion. */
export const listEnvironments: Statement = {
  name: 'policies.list_environments',
  text: 'SELECT id, name, ordinal, workspace_id FROM control.environments WHERE tenant_id = $1 AND workspace_id = $2 ORDER BY ordinal',
};

export const tenantAndWorkspace: Statement = {
  name: 'policies.tenant_and_workspace',
  text: 'SELECT t.name AS tenant, w.slug AS workspace FROM control.tenants t JOIN control.workspaces w ON w.tenant_id = t.tenant_id WHERE t.tenant_id = $1 AND w.id = $2',
};
