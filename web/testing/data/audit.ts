import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { hexOf, idOf } from './ids.ts';
import type { Run } from './runs.ts';

type SealedEvent = components['schemas']['SealedEvent'];

const STORY: ReadonlyArray<readonly [AuditEventType, AuditEvent['actor']['kind'], string]> = [
  ['delivery.accepted', 'service', 'delivery'], ['run.created', 'system', 'run'], ['step.state_changed', 'worker', 'step'], ['decision.made', 'worker', 'decision'], ['call.intended', 'worker', 'tool_call'],
  ['call.outcome', 'worker', 'tool_call'], ['approval.requested', 'worker', 'approval'], ['approval.vote_cast', 'person', 'approval'], ['approval.state_changed', 'system', 'approval'], ['run.state_changed', 'worker', 'run'], ['evidence.built', 'worker', 'evidence'],
];

/** Events of the given runs, newest first, chained by their hashes as the real ones are linked (the hashes themselves are made up). */
export function auditOf(runs: readonly Run[]): SealedEvent[] {
  const events = runs.toReversed().flatMap((run) => STORY.map(([type, kind, subject], nth): AuditEvent => ({
    id: idOf('audit_event', `${run.id} ${nth}`), type, at: new Date(Date.parse(run.created_at) + nth * 90).toISOString(), tenant_id: idOf('tenant', 'acme'), workspace_id: idOf('workspace', 'it'),
    actor: { kind, id: kind === 'person' ? idOf('principal', 'owner') : 'worker-1' }, subject: { kind: subject, id: subject === 'run' ? run.id : idOf('step', `${run.id} ${subject}`) }, run_id: run.id, data: { state: run.state },
  })));
  let prev_hash = '0'.repeat(64);
  return events.map((event, place): SealedEvent => {
    const sealed = { seq: place + 1, prev_hash, hash: hexOf(prev_hash + event.id), event: { ...event } };
    prev_hash = sealed.hash;
    return sealed;
  }).toReversed();
}
