import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { endSessionsOf, homeWorkspace } from './queries.ts';

export interface EndOfSessions {
  readonly tenantId: string;
  readonly principalId: string;
  readonly because: 'revoked' | 'disabled' | 'erased';
  /** The one that goes on; null: none. */
  readonly exceptId: string | null;
  readonly actor: AuditEvent['actor'];
  readonly at: Date;
}

/** Ends the sessions of a principal and says so in the audit. Gives their ids: tell every control plane after the commit (`Notifier.sessionEnded`). */
export async function endSessions(tx: Transaction, { tenantId, principalId, because, exceptId, actor, at }: EndOfSessions): Promise<string[]> {
  const ended = await tx.rows<{ id: string }>(endSessionsOf, [tenantId, principalId, because, exceptId]);
  const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  for (const { id } of ended) {
    await appendAudit(tx, {
      at, type: 'session.revoked', tenant_id: tenantId, workspace_id: home.id, run_id: null, actor, subject: { kind: 'session', id }, data: { how: because, principal_id: principalId },
    });
  }
  return ended.map(({ id }) => id);
}
