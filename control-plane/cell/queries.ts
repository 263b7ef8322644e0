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
