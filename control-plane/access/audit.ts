import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';

export type NewAuditEvent = Pick<AuditEvent, 'type' | 'subject' | 'data'>;

/** Appends what `principal` did, in the chain of the workspace that they act in. What concerns the whole tenant is done in its home workspace. */
export function auditBy(tx: Transaction, clock: Clock, principal: Principal, event: NewAuditEvent): Promise<string> {
  return appendAudit(tx, { at: clock.now(), tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null, actor: actorOf(principal), ...event });
}
