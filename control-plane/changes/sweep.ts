import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { expireChanges, failInterrupted } from './queries.ts';

interface Ended {
  readonly id: string;
  readonly workspace_id: string;
}

/** Expires what nobody decided, and gives up what was approved by a control plane that then stopped. */
export function changeSweep({ database, clock, log }: { readonly database: Database; readonly clock: Clock; readonly log: Logger }): Loop {
  return new Loop({ name: 'change requests', idle_ms: 60_000, busy_ms: 60_000, log }, () => forEveryTenant(database, log, (tenantId) => database.forTenant(tenantId, async (tx) => {
    const expired = await tx.rows<Ended>(expireChanges, [tenantId]);
    for (const row of expired) await audit(tx, clock, tenantId, row, 'change_request.expired', {});
    const interrupted = await tx.rows<Ended>(failInterrupted, [tenantId]);
    for (const row of interrupted) await audit(tx, clock, tenantId, row, 'change_request.executed', { state: 'failed', code: 'internal' });
    return expired.length + interrupted.length > 0;
  })));
}

async function audit(tx: Transaction, clock: Clock, tenantId: string, { id, workspace_id }: Ended, type: 'change_request.expired' | 'change_request.executed', data: AuditData): Promise<void> {
  await appendAudit(tx, { at: clock.now(), type, tenant_id: tenantId, workspace_id, run_id: null, actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'change_request', id }, data });
}
