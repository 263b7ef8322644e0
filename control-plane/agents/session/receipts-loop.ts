import { ORDER_VALID_MS_MAX } from '@countersign/contracts/agent/work-order.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';

const LOOK_EVERY_MS = 600_000;
const BATCH = 1_000;
/** The longest that any order may begin, and as long again for clocks. */
const KEPT_MS = 2 * Math.max(...Object.values(ORDER_VALID_MS_MAX));

/** `$2`: in milliseconds. By `now()`, which an index can be read by. */
const endReceipts: Statement = {
  name: 'agents.end_receipts',
  text: `
    DELETE FROM control.agent_receipts WHERE (tenant_id, order_id) IN (
      SELECT tenant_id, order_id FROM control.agent_receipts
       WHERE tenant_id = $1 AND received_at < now() - make_interval(secs => $2::float8 / 1000) ORDER BY received_at LIMIT ${BATCH})`,
};

/** A receipt keeps its order from being offered again, and ends when the order could not be offered any more. */
export function receiptsLoop({ database, log }: { readonly database: Database; readonly log: Logger }): Loop {
  return new Loop({ name: 'receipts of orders', idle_ms: LOOK_EVERY_MS, busy_ms: 0, log }, () => forEveryTenant(database, log, (tenantId) => endOldReceipts(database, tenantId)));
}

/** Gives whether there may be more. */
export async function endOldReceipts(database: Database, tenantId: string): Promise<boolean> {
  return await database.forTenant(tenantId, (tx) => tx.change(endReceipts, [tenantId, KEPT_MS])) === BATCH;
}
