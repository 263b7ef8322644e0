import { canonicalText } from '../canonical-json/canonicalize.ts';
import { newId } from '../ids/typeid.ts';
import type { Statement, Transaction } from '../postgres/database.ts';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';

const appendEvent: Statement = {
  name: 'audit.append',
  text: 'SELECT audit.append($1, $2, $3, $4, $5, $6)',
};

/** Appends `event` in the transaction of what it describes: both commit, or neither. Gives the event's id. */
export async function appendAudit(tx: Transaction, event: Omit<AuditEvent, 'id' | 'at'> & { readonly at: Date }): Promise<string> {
  const id = newId('audit_event');
  const whole: AuditEvent = { ...event, id, at: event.at.toISOString() };
  await tx.rows(appendEvent, [event.tenant_id, chainOf(event.tenant_id, event.workspace_id), id, event.type, event.run_id, canonicalText(whole)]);
  return id;
}
