import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** Nothing is done for a tenant that is suspended or leaving. */
const tenantIds: Statement = { name: 'tenants.ids', text: `SELECT tenant_id FROM control.tenant_directory WHERE state = 'active' ORDER BY tenant_id` };

export async function listTenantIds(tx: Transaction): Promise<string[]> {
  return (await tx.rows<{ tenant_id: string }>(tenantIds)).map((row) => row.tenant_id);
}
