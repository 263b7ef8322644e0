import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { hexOf, idOf } from './ids.ts';
import { inclusionOf, leavesOf, linked, rootAt } from './audit-tree.ts';
import type { Run } from './runs.ts';

type Schemas = components['schemas'];
type SealedEvent = components['schemas']['SealedEvent'];

const STORY: ReadonlyArray<readonly [AuditEventType, AuditEvent['actor']['kind'], string]> = [
  ['delivery.accepted', 'service', 'delivery'], ['run.created', 'system', 'run'], ['step.state_changed', 'worker', 'step'], ['decision.made', 'worker', 'decision'], ['call.intended', 'worker', 'tool_call'],
  ['call.outcome', 'worker', 'tool_call'], ['approval.requested', 'worker', 'approval'], ['approval.vote_cast', 'person', 'approval'], ['approval.state_changed', 'system', 'approval'], ['run.state_changed', 'worker', 'run'], ['evidence.built', 'worker', 'evidence'],
];

/** Events of the given runs, newest first, linked as the real ones are: what is made up is what they tell. */
export function auditOf(runs: readonly Run[]): SealedEvent[] {
  const events = runs.toReversed().flatMap((run) => STORY.map(([type, kind, subject], nth): AuditEvent => ({
    id: idOf('audit_event', `${run.id} ${nth}`), type, at: new Date(Date.parse(run.created_at) + nth * 90).toISOString(), tenant_id: idOf('tenant', 'acme'), workspace_id: idOf('workspace', 'it'),
    actor: { kind, id: kind === 'person' ? idOf('principal', 'owner') : 'worker-1' }, subject: { kind: subject, id: subject === 'run' ? run.id : idOf('step', `${run.id} ${subject}`) }, run_id: run.id, data: { state: run.state },
  })));
  return linked(events.map((event) => ({ ...event }))).toReversed();
}

const DAY_MS = 86_400_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

const BETWEEN_CHECKPOINTS = 50;

/** Signed heads of the chain of these events, the newest first; that one is not countersigned yet. Nobody signed them: their roots are right. */
export function checkpoints(runs: readonly Run[]): Schemas['Checkpoint'][] {
  const leaves = leavesOf(auditOf(runs).toReversed());
  const numbers = Array.from({ length: Math.min(3, Math.floor(leaves.length / BETWEEN_CHECKPOINTS)) }, (_, place) => place + 1).toReversed();
  return numbers.map((number, place) => ({
    number, size: number * BETWEEN_CHECKPOINTS, root: rootAt(leaves, number * BETWEEN_CHECKPOINTS), kid: `checkpoint-${hexOf('checkpoint').slice(0, 16)}`, signed_at: at(-(place + 1) * 60_000), note: `countersign.dev/audit/${number}\n`,
    cosignatures: place === 0 ? [] : [{ witness_id: idOf('witness', 'auditor'), name: 'auditor.example/witness', cosigned_at: at(-(place + 1) * 60_000 + 4_000) }],
  }));
}

/** @throws RangeError for an event that the tree of that size does not have */
export function inclusionIn(runs: readonly Run[], seq: number, size: number): Schemas['InclusionProof'] {
  const leaves = leavesOf(auditOf(runs).toReversed());
  if (seq > size || size > leaves.length) throw new RangeError(`There is no event ${seq} in a tree of ${size}.`);
  return inclusionOf(leaves, seq - 1, size);
}

export function verificationOf(note: string | undefined): Schemas['AuditVerification'] {
  const faults = note === undefined || note.startsWith('countersign.dev/') ? [] : [{ code: 'checkpoint_not_in_chain', at: 'checkpoint 2', message: 'The note that you kept is about another history.' }];
  return { verified: faults.length === 0, chain: `${idOf('tenant', 'acme')}/${idOf('workspace', 'it')}`, events: 165, checkpoints: 3, head: hexOf('head'), root: Buffer.from(hexOf('root 3'), 'hex').toString('base64'), witnessed: { 'auditor.example/witness': 100 }, faults, not_proven: note === undefined ? ['Whether events after 165 were taken away: no note that was kept elsewhere was given.'] : [] };
}

/** One that is there, one being built, one that failed. */
export function packages(): Schemas['EvidencePackage'][] {
  const built: Schemas['EvidencePackage'] = {
    id: idOf('evidence_package', 'june'), kind: 'period', subject_id: idOf('workspace', 'it'), from: '2026-06-01T00:00:00Z', to: '2026-07-01T00:00:00Z', include_runs: true, state: 'built', sha256: hexOf('june'), size_bytes: 4_200_000, kid: 'evidence-1', runs: 312,
    requested_by: idOf('principal', 'owner'), requested_at: at(-2 * DAY_MS), built_at: at(-2 * DAY_MS + 9_000), error: null,
  };
  const other = { from: null, to: null, sha256: null, size_bytes: null, kid: null, runs: null, built_at: null };
  return [
    { ...built, ...other, id: idOf('evidence_package', 'new'), kind: 'approval', subject_id: idOf('approval', 'one'), state: 'building', requested_at: at(-4_000) },
    built,
    { ...built, ...other, id: idOf('evidence_package', 'bad'), kind: 'policy_release', subject_id: idOf('policy_release', 'one'), state: 'failed', error: { code: 'evidence_not_covered', message: 'No checkpoint covers it.' } },
  ];
}
