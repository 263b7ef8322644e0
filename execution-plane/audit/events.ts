import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { columnsOf } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

/** An event before it has an id and a time: what happened, to what, by whom. */
export type NewAuditEvent = Omit<AuditEvent, 'id' | 'at'>;

/** An event as its row: `body` is its canonical JSON. */
export interface AuditRow {
  readonly tenant_id: string;
  readonly chain: string;
  readonly id: string;
  readonly type: string;
  readonly run_id: string | null;
  readonly body: string;
}

export const AUDIT_COLUMNS: ReadonlyArray<Column<AuditRow>> = [
  { name: 'tenant_id', type: 'text', of: (row) => row.tenant_id },
  { name: 'chain', type: 'text', of: (row) => row.chain },
  { name: 'id', type: 'text', of: (row) => row.id },
  { name: 'type', type: 'text', of: (row) => row.type },
  { name: 'run_id', type: 'text', of: (row) => row.run_id },
  { name: 'body', type: 'text', of: (row) => row.body },
];

/** Gives each event its id and time. */
export function auditRows(events: readonly NewAuditEvent[], at: Date): AuditRow[] {
  const time = at.toISOString();
  return events.map((event) => {
    const whole: AuditEvent = { ...event, id: newId('audit_event'), at: time };
    return { tenant_id: whole.tenant_id, chain: chainOf(whole.tenant_id, whole.workspace_id), id: whole.id, type: whole.type, run_id: whole.run_id, body: canonicalText(whole) };
  });
}

/**
 * The named step that every writing statement of this plane ends with: the events go in with what they describe.
 * `first` is the number of the first of its six parameters, in the order of `auditValues`.
 */
export function auditStep(first: number): string {
  const parameters = AUDIT_COLUMNS.map((_, i) => `$${first + i}::text[]`).join(', ');
  return `audited AS MATERIALIZED (SELECT audit.append_all(${parameters}) AS events)`;
}

/** The six arrays that `auditStep` takes. */
export function auditValues(events: readonly NewAuditEvent[], at: Date): unknown[] {
  return columnsOf(AUDIT_COLUMNS, auditRows(events, at));
}
