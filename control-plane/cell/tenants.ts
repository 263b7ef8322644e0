import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { listTenantIds } from './queries.ts';

/** Does `work` for every tenant of the cell, one after the other; the trouble of one is not the others'. Gives whether any had something to do. */
export async function forEveryTenant(database: Database, log: Logger, work: (tenantId: string) => Promise<boolean>): Promise<boolean> {
  const tenants = await database.forNoTenant((tx) => tx.rows<{ tenant_id: string }>(listTenantIds));
  let busy = false;
  for (const { tenant_id } of tenants) {
    try {
      busy = await work(tenant_id) || busy;
    } catch (error) {
      log.error({ err: error, tenant_id }, 'work for a tenant failed; the others go on');
    }
  }
  return busy;
}
