import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { forgetSignIns, readRetention } from './repository-retention.ts';

/** Lets go of operational traces of the control plane's own; the workers see to theirs. */
export function retentionLoop({ database, log }: { readonly database: Database; readonly log: Logger }): Loop {
  return new Loop({ name: 'retention', idle_ms: 60_000, busy_ms: 60_000, log }, () => forEveryTenant(database, log, (tenantId) => database.forTenant(tenantId, async (tx) => {
    const { operational_days } = await readRetention(tx, tenantId);
    return operational_days !== null && await forgetSignIns(tx, tenantId, operational_days) > 0;
  })));
}
