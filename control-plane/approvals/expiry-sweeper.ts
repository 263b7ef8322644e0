import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Notifier } from '../live/notifier.ts';
import { expireOverdue } from './queries.ts';
import type { OverdueRow } from './queries.ts';

/** Expires what nobody decided in time. Several may sweep at once: each row is taken by one. Gives how many expired. */
export async function sweepExpired(tenantId: string, parts: { readonly database: Database; readonly clock: Clock; readonly notifier: Notifier }): Promise<number> {
  const expired = await parts.database.forTenant(tenantId, async (tx) => {
    const rows = await tx.rows<OverdueRow>(expireOverdue, [tenantId]);
    for (const row of rows) {
      await appendAudit(tx, {
        at: parts.clock.now(), type: 'approval.state_changed', tenant_id: tenantId, workspace_id: row.workspace_id, run_id: row.run_id,
        actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'approval', id: row.id }, data: { from: 'pending', to: 'expired' },
      });
    }
    return rows;
  });
  for (const { id, workspace_id } of expired) {
    parts.notifier.approval(id);
    parts.notifier.changed({ tenant_id: tenantId, workspace_id, kind: 'approval', id, state: 'expired' });
  }
  return expired.length;
}
