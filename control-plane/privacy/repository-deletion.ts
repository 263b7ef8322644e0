import type { Statement } from '@countersign/platform/postgres/database.ts';

export const tenantState: Statement = { name: 'deletion.tenant_state', text: 'SELECT state FROM control.tenant_directory WHERE tenant_id = $1' };

export const anyHold: Statement = { name: 'deletion.any_hold', text: 'SELECT FROM control.legal_holds WHERE tenant_id = $1 AND released_at IS NULL LIMIT 1' };

export const setDeleting: Statement = {
  name: 'deletion.set_deleting',
  text: `UPDATE control.tenant_directory SET state = 'deleting', state_since = clock_timestamp() WHERE tenant_id = $1 AND state = 'suspended'`,
};
