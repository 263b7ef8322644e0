import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

/** An event before it has an id and a time: what happened, to what, by whom. */
export type NewAuditEvent = Omit<AuditEvent, 'id' | 'at'>;

/**
 * The named step that every writing statement of this plane ends with: the events go in with what they describe.
 * `first` is the number of the first of its six parameters, in the order of `auditValues`.
 */
export function auditStep(first: number): string {
  const parameters = Array.from({ length: 6 }, (_, i) => `$${first + i}::text[]`).join(', ');
  return `audited AS MATERIALIZED (
      SELECT audit.append(e.tenant_id, e.chain, e.id, e.type, e.run_id, e.body)
        FROM unnest(${parameters}) AS e(tenant_id, chain, id, type, run_id, body)
    )`;
}

/** The six arrays that `auditStep` takes. */
export function auditValues(events: readonly NewAuditEvent[], at: Date): unknown[] {
  const whole = events.map((event): AuditEvent => ({ ...event, id: newId('audit_event'), at: at.toISOString() }));
  return [
    whole.map((event) => event.tenant_id),
    whole.map((event) => chainOf(event.tenant_id, event.workspace_id)),
    whole.map((event) => event.id),
    whole.map((event) => event.type),
    whole.map((event) => event.run_id),
    whole.map((event) => canonicalText(event)),
  ];
}
