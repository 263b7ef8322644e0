import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf, idOf } from './ids.ts';
import type { Run } from './runs.ts';

type Schemas = components['schemas'];
type DeadLetter = Schemas['DeadLetter'];

/** What of the made-up runs was given up on, with its context. */
export function deadLettersOf(runs: readonly Run[]): DeadLetter[] {
  return runs.flatMap((run) => run.steps.flatMap((step) => (step.state === 'dead' || step.state === 'failed' ? [deadLetterOf(run, step, step.state)] : [])));
}

function deadLetterOf(run: Run, step: Schemas['Step'], state: 'dead' | 'failed'): DeadLetter {
  const decision = run.decisions.findLast(({ step_id }) => step_id === step.id);
  const approval = run.approvals.findLast(({ step_key }) => step_key === step.key);
  const call = run.calls.findLast(({ step_id }) => step_id === step.id);
  return {
    id: step.id, step_key: step.key, uses: step.uses, state, attempt: step.attempt, max_attempts: step.max_attempts, died_at: step.finished_at ?? run.created_at, error: step.error ?? run.error,
    run: { id: run.id, workflow_name: run.workflow_name, workflow_version: run.workflow_version, environment: run.environment, state: run.state, subject: run.subject, subject_label: run.subject_label },
    attempts: step.attempts.toReversed().slice(0, 5).map(({ fence: _fence, ...attempt }) => attempt),
    decision: decision === undefined ? null : { id: decision.id, outcome: decision.outcome, reasons: decision.reasons, bundle_revision: decision.bundle_revision, bundle_seq: decision.bundle_seq, input_digest: decision.input_digest, decided_at: decision.decided_at },
    approval: approval === undefined ? null : { id: approval.id, kind: approval.kind ?? 'action', state: approval.state, tier: approval.tier, decided_at: approval.decided_at },
    call: call === undefined ? null : { id: call.id, action: call.action, state: call.state, action_digest: call.action_digest, idempotency_key: call.idempotency_key, parameters_digest: null, error: call.error, intended_at: call.intended_at },
  };
}

/** A job as it is when it was just asked for. */
export function newJob(kind: 'cancel' | 'redrive', selection: Record<string, unknown>, reason: string, total: number): Schemas['BulkCommand'] {
  const now = new Date().toISOString();
  return { id: idOf('bulk_command', digestOf(`${reason} ${now}`)), kind, selection, reason, state: 'queued', total, done: 0, skipped: 0, requested_by: idOf('principal', 'owner'), requested_at: now, started_at: null, finished_at: null };
}

export function earlierJob(): Schemas['BulkCommand'] {
  const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  return { ...newJob('cancel', { filter: { workflow: 'incident-triage' } }, 'They were raised by a test of the monitoring', 40), state: 'finished', done: 38, skipped: 2, requested_at: at(90), started_at: at(90), finished_at: at(89) };
}
