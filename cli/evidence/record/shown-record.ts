import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { AuditData, AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../errors.ts';

/** The record of a run as evidence shows it: files for reading, and the audit events that prove them. */
export interface ShownRecord {
  readonly files: ArchiveFiles;
  readonly runId: string;
  readonly tenantId: string;
  /** Files that were left out after signing: what they would have shown is not checked. */
  readonly withheld: ReadonlySet<string>;
  /** In the order of the chain. */
  readonly events: readonly AuditEvent[];
  /** Whether events were left out: then none is missed among those that are shown. */
  readonly eventsWithheld: boolean;
  /** Where the events are, for messages. */
  readonly auditFile: string;
}

export function isShown({ withheld }: ShownRecord, ...paths: readonly string[]): boolean {
  return paths.every((path) => !withheld.has(path));
}

/** The event that shows this, which must say so; undefined where it may be among those that were left out. @throws EvidenceError record_contradicts_audit */
export function requireEvent(record: ShownRecord, type: AuditEventType, subjectId: string, data: AuditData, file: string): AuditEvent | undefined {
  const event = findEvent(record, type, subjectId);
  if (event === undefined) return record.eventsWithheld ? undefined : contradiction(record, file, `no ${type} event shows ${subjectId}`);
  const said = new Map(Object.entries(event.data));
  for (const [name, value] of Object.entries(data)) {
    if (said.get(name) !== value) contradiction(record, file, `the ${type} event of ${subjectId} says another ${name}`);
  }
  return event;
}

export function findEvent({ events }: ShownRecord, type: AuditEventType, subjectId: string): AuditEvent | undefined {
  return events.find((event) => event.type === type && event.subject.id === subjectId);
}

export function eventsOf({ events }: ShownRecord, type: AuditEventType): AuditEvent[] {
  return events.filter((event) => event.type === type);
}

export function contradiction({ auditFile }: ShownRecord, file: string, what: string): never {
  throw new EvidenceError('record_contradicts_audit', file, `${file} contradicts ${auditFile}: ${what}.`);
}
