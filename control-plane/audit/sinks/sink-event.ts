import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';

/** One event as a sink gets it. `event` is null where the retention of its body has ended: its place is told all the same. */
export interface SinkEvent {
  readonly chain: string;
  readonly seq: number;
  readonly type: string;
  /** When it was written, which stays when the body has ended. */
  readonly recorded_at: Date;
  readonly event: AuditEvent | null;
}
