import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface TenantPlaceRow {
  readonly region: string;
  readonly cell: string;
  readonly state: 'active' | 'suspended' | 'moving' | 'moved' | 'deleting' | 'deleted';
  /** The cell that it went to. */
  readonly moved_to: string | null;
}

export const findTenantPlace: Statement = {
  name: 'cell.find_tenant_place',
  text: 'SELECT region, cell, state, moved_to FROM control.tenant_directory WHERE tenant_id = $1',
};

/** What loops go through: a suspended tenant is still sealed and looked after, and so is the end of one that is deleted; one that is leaving is let be. */
export const listTenantIds: Statement = {
  name: 'cell.list_tenant_ids',
  text: `SELECT tenant_id FROM control.tenant_directory WHERE state IN ('active', 'suspended', 'deleting') ORDER BY tenant_id`,
};

/** Every tenant that was ever here; `$1`: one of them, or null. */
export const listDirectory: Statement = {
  name: 'cell.list_directory',
  text: 'SELECT tenant_id, slug FROM control.tenant_directory WHERE $1::text IS NULL OR tenant_id = $1 ORDER BY tenant_id',
};

export interface MoveRow {
  readonly id: string;
  readonly state: 'frozen' | 'imported' | 'verified' | 'cut_over' | 'abandoned';
  readonly from_cell: string;
  readonly to_cell: string;
  readonly digest: string | null;
  readonly rows: string | null;
  readonly objects: number | null;
  readonly began_at: Date;
  readonly changed_at: Date;
}

export const listMoves: Statement = {
  name: 'cell.list_moves',
  text: `
    SELECT id, state, from_cell, to_cell, digest, rows, objects, began_at, changed_at FROM control.tenant_moves
     WHERE tenant_id = $1 ORDER BY began_at DESC LIMIT $2`,
};
