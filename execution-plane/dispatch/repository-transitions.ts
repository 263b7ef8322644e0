import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { contentStep, contentValues } from '../contents/contents.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { StepError } from '../engine/step-end.ts';
import { ExecutionError } from '../errors.ts';
import { jsonb } from '../contents/jsonb.ts';

/** One move of one step. What is left out stays as it is. */
export interface StepChange {
  readonly tenant_id: string;
  readonly id: string;
  readonly from: StepState;
  readonly to: StepState;
  /** The fence under which the step is leased now; required when `from` is `leased`. */
  readonly fence?: string;
  /** Whether that lease must still run (`held`: its owner writes) or must be over (`expired`: the sweeper does). */
  readonly lease?: 'held' | 'expired';
  /** When it may be claimed, from now, by the database's clock. */
  readonly delay_ms?: number;
  readonly attempt?: number;
  /** The empty string takes it away: a redriven step asks anew. */
  readonly approval_id?: string;
  readonly output_content_id?: string;
  readonly output_labels?: readonly Label[];
  readonly error?: StepError | null;
  /** For a claim. */
  readonly worker?: string;
  readonly lease_ms?: number;
}

export interface RunChange {
  readonly tenant_id: string;
  readonly id: string;
  readonly from: RunState;
  readonly to: RunState;
  readonly error?: StepError & { readonly step_key?: string } | null;
}

/** Everything that changes together, of one run or of many. */
export interface Transition {
  readonly steps: readonly StepChange[];
  readonly runs: readonly RunChange[];
  readonly contents: readonly SealedContent[];
  readonly events: readonly NewAuditEvent[];
}

const applyTransition: Statement = {
  name: 'steps.apply_transition',
  text: `
    WITH change AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS c(
        tenant_id text, id text, "from" text, "to" text, fence bigint, lease text, delay_ms float8, attempt int, approval_id text,
        output_content_id text, output_labels jsonb, error jsonb, worker text, lease_ms float8)
    ), changed AS (
      UPDATE execution.steps s
         SET state = c."to",
             attempt = coalesce(c.attempt, s.attempt),
             available_at = CASE WHEN c.delay_ms IS NULL THEN s.available_at ELSE clock_timestamp() + c.delay_ms * interval '1 millisecond' END,
             lease_owner = CASE WHEN c."to" = 'leased' THEN c.worker END,
             lease_expires_at = CASE WHEN c."to" = 'leased' THEN clock_timestamp() + c.lease_ms * interval '1 millisecond' END,
             fence = s.fence + CASE WHEN c."to" = 'leased' THEN 1 ELSE 0 END,
             approval_id = NULLIF(coalesce(c.approval_id, s.approval_id), ''),
             output_content_id = coalesce(c.output_content_id, s.output_content_id),
             output_labels = coalesce(c.output_labels, s.output_labels),
             error = c.error,
             started_at = CASE WHEN c."to" = 'leased' THEN coalesce(s.started_at, clock_timestamp()) ELSE s.started_at END,
             finished_at = CASE WHEN c."to" IN ('succeeded', 'failed', 'skipped', 'cancelled', 'dead') THEN clock_timestamp() END
        FROM change c
       WHERE s.tenant_id = c.tenant_id AND s.id = c.id AND s.state = c."from"
         -- only the holder writes a leased step, while the lease runs by the database's clock; only a lease that is over is taken away
         AND (c.fence IS NULL OR s.fence = c.fence)
         AND (c."from" <> 'leased' OR (c.fence IS NOT NULL
              AND CASE c.lease WHEN 'expired' THEN s.lease_expires_at <= clock_timestamp() ELSE s.lease_expires_at > clock_timestamp() END))
      RETURNING s.tenant_id, s.id, s.run_id, s.state, s.fence, s.attempt, s.lease_owner, c."from" AS moved_from, c.error AS moved_error
    ), attempt_ended AS (
      UPDATE execution.step_attempts a
         SET finished_at = clock_timestamp(), result = m.state, error = m.moved_error
        FROM changed m
       WHERE m.moved_from = 'leased' AND (a.tenant_id, a.step_id, a.fence) = (m.tenant_id, m.id, m.fence)
    ), attempt_begun AS (
      INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker)
      SELECT tenant_id, id, attempt, fence, lease_owner FROM changed WHERE state = 'leased'
    ), run_change AS (
      SELECT * FROM jsonb_to_recordset($2::jsonb) AS c(tenant_id text, id text, "from" text, "to" text, error jsonb)
    ), run_changed AS (
      UPDATE execution.runs r
         SET state = c."to", error = coalesce(c.error, CASE WHEN c."to" IN ('running', 'succeeded') THEN NULL ELSE r.error END),
             started_at = CASE WHEN c."to" = 'running' THEN coalesce(r.started_at, clock_timestamp()) ELSE r.started_at END,
             finished_at = CASE WHEN c."to" IN ('succeeded', 'failed', 'cancelled') THEN clock_timestamp() END
        FROM run_change c
       WHERE r.tenant_id = c.tenant_id AND r.id = c.id AND r.state = c."from"
      RETURNING r.id
    ), ${contentStep(3)},
    ${auditStep(11)}
    SELECT (SELECT coalesce(array_agg(id), '{}') FROM changed) AS steps, (SELECT count(*)::int FROM run_changed) AS runs, (SELECT count(*)::int FROM audited) AS events`,
};

/**
 * Makes every move of `transition`, or none: a move whose step is not as expected any more rolls all of it back.
 * Takes lists, so that the moves of many runs can share one statement and one commit.
 *
 * @throws StaleLeaseError when a held lease is not held; ExecutionError `transition_conflict` when somebody else moved first
 */
export async function commitTransition(tx: Transaction, transition: Transition, at: Date): Promise<void> {
  const done = await tx.one<{ steps: string[]; runs: number; events: number }>(applyTransition, [
    jsonb(transition.steps), jsonb(transition.runs), ...contentValues(transition.contents), ...auditValues(transition.events, at),
  ]);
  const missed = transition.steps.find((step) => !done.steps.includes(step.id));
  if (missed?.from === 'leased' && missed.lease === 'held') throw new StaleLeaseError(missed.id, missed.fence ?? '?');
  if (missed) throw new ExecutionError('transition_conflict', `The step ${missed.id} is not ${missed.from} any more.`);
  if (done.runs !== transition.runs.length) throw new ExecutionError('transition_conflict', 'A run is not in the state that this change was decided on any more.');
}
