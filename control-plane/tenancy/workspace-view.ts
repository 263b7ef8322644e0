import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { WorkspaceRow } from './queries.ts';

export function workspaceOf(row: WorkspaceRow): components['schemas']['Workspace'] {
  return {
    id: row.id, slug: row.slug, name: row.name, is_home: row.is_home, environments: row.environments.map(({ id, name }) => ({ id, name })),
    created_at: row.created_at.toISOString(), archived_at: row.archived_at?.toISOString() ?? null,
  };
}
