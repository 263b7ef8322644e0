import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface SavedViewRow {
  readonly id: string;
  readonly name: string;
  readonly filters: components['schemas']['RunFilters'];
  readonly shared: boolean;
  readonly owner_id: string;
  readonly owner_name: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Of the principal `$3`, and what others share in the workspace `$2`. */
const VIEW = `
  SELECT v.id, v.name, v.filters, v.shared, v.owner_id, p.display_name AS owner_name, v.created_at, v.updated_at
    FROM control.saved_views v JOIN control.principals p ON (p.tenant_id, p.id) = (v.tenant_id, v.owner_id)
   WHERE v.tenant_id = $1 AND v.workspace_id = $2 AND (v.owner_id = $3 OR v.shared)`;

export const listViews: Statement = { name: 'saved_views.list', text: `${VIEW} ORDER BY v.owner_id <> $3, lower(v.name), v.id LIMIT $4` };

export const findView: Statement = { name: 'saved_views.find', text: `${VIEW} AND v.id = $4` };

/** No row where the principal has as many as anybody may have. */
export const insertView: Statement = {
  name: 'saved_views.insert',
  text: `INSERT INTO control.saved_views (tenant_id, id, workspace_id, owner_id, name, filters, shared)
         SELECT $1, $4, $2, $3, $5, $6, $7
          WHERE (SELECT count(*) FROM control.saved_views WHERE tenant_id = $1 AND workspace_id = $2 AND owner_id = $3) < $8`,
};

export const updateView: Statement = {
  name: 'saved_views.update',
  text: `UPDATE control.saved_views SET name = coalesce($5, name), filters = coalesce($6, filters), shared = coalesce($7, shared), updated_at = clock_timestamp()
          WHERE tenant_id = $1 AND workspace_id = $2 AND owner_id = $3 AND id = $4`,
};

/** Somebody else's only where it is shared and `$5` says that the caller may. */
export const deleteView: Statement = {
  name: 'saved_views.delete',
  text: `DELETE FROM control.saved_views WHERE tenant_id = $1 AND workspace_id = $2 AND (owner_id = $3 OR (shared AND $5)) AND id = $4`,
};
