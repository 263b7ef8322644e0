import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';

const append: Statement = { name: 'audit.append_events', text: `WITH ${auditStep(1)} SELECT count(*) AS events FROM audited` };

/** Appends what is known only after the statement that it describes; in the same transaction, all the same. */
export async function appendEvents(tx: Transaction, events: readonly NewAuditEvent[], at: Date): Promise<void> {
  if (events.length > 0) await tx.rows(append, auditValues(events, at));
}
