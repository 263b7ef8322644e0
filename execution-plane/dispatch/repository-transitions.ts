import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { cells, columnsOf, recordset } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';
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
  /** The same as a moment; before `delay_ms`. */
  readonly wake_at?: string;
  readonly attempt?: number;
  /** The empty string takes it away: a redriven step asks anew. */
  readonly approval_id?: string;
  readonly output_content_id?: string;
  readonly output_labels?: readonly Label[];
  /** By JSON pointer, where parts of the output have labels of their own. */
  readonly output_part_labels?: PartLabels;
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

/** A change as a row of `change`. */
export const STEP_COLUMNS: ReadonlyArray<Column<StepChange>> = [
  { name: 'tenant_id', type: 'text', of: (change) => change.tenant_id },
  { name: 'id', type: 'text', of: (change) => change.id },
  { name: 'from_state', type: 'text', of: (change) => change.from },
  { name: 'to_state', type: 'text', of: (change) => change.to },
  { name: 'fence', type: 'bigint', of: (change) => change.fence ?? null },
  { name: 'lease', type: 'text', of: (change) => change.lease ?? null },
  { name: 'delay_ms', type: 'float8', of: (change) => change.delay_ms ?? null },
  { name: 'wake_at', type: 'timestamptz', of: (change) => change.wake_at ?? null },
  { name: 'attempt', type: 'int', of: (change) => change.attempt ?? null },
  { name: 'approval_id', type: 'text', of: (change) => change.approval_id ?? null },
  { name: 'output_content_id', type: 'text', of: (change) => change.output_content_id ?? null },
  { name: 'output_labels', type: 'jsonb', of: (change) => (change.output_labels === undefined ? null : jsonb(change.output_labels)) },
  { name: 'output_part_labels', type: 'jsonb', of: (change) => (change.output_part_labels === undefined ? null : jsonb(change.output_part_labels)) },
  { name: 'error', type: 'jsonb', of: (change) => (change.error ? jsonb(change.error) : null) },
  { name: 'worker', type: 'text', of: (change) => change.worker ?? null },
  { name: 'lease_ms', type: 'float8', of: (change) => change.lease_ms ?? null },
];

export const RUN_COLUMNS: ReadonlyArray<Column<RunChange>> = [
  { name: 'tenant_id', type: 'text', of: (change) => change.tenant_id },
  { name: 'id', type: 'text', of: (change) => change.id },
  { name: 'from_state', type: 'text', of: (change) => change.from },
  { name: 'to_state', type: 'text', of: (change) => change.to },
  { name: 'error', type: 'jsonb', of: (change) => (change.error ? jsonb(change.error) : null) },
];

/** The named steps that move the steps of `change`, and begin and end their leases; `changed` has a row for each that was as expected. */
export const MOVE_STEPS = `changed AS (
      UPDATE execution.steps s
         SET previous_state = s.state,
             state = c.to_state,
             attempt = coalesce(c.attempt, s.attempt),
             available_at = coalesce(c.wake_at, clock_timestamp() + c.delay_ms * interval '1 millisecond', s.available_at),
             lease_owner = CASE WHEN c.to_state = 'leased' THEN c.worker END,
             lease_expires_at = CASE WHEN c.to_state = 'leased' THEN clock_timestamp() + c.lease_ms * interval '1 millisecond' END,
             fence = s.fence + CASE WHEN c.to_state = 'leased' THEN 1 ELSE 0 END,
             approval_id = NULLIF(coalesce(c.approval_id, s.approval_id), ''),
             output_content_id = coalesce(c.output_content_id, s.output_content_id),
             output_labels = coalesce(c.output_labels, s.output_labels),
             output_part_labels = coalesce(c.output_part_labels, s.output_part_labels),
             error = c.error,
             started_at = CASE WHEN c.to_state = 'leased' THEN coalesce(s.started_at, clock_timestamp()) ELSE s.started_at END,
             finished_at = CASE WHEN c.to_state IN ('succeeded', 'failed', 'skipped', 'cancelled', 'dead') THEN clock_timestamp() END
        FROM change c
       WHERE s.tenant_id = c.tenant_id AND s.id = c.id AND s.state = c.from_state
         -- only the holder writes a leased step, while the lease runs by the database's clock; only a lease that is over is taken away
         AND (c.fence IS NULL OR s.fence = c.fence)
         AND (c.from_state <> 'leased' OR (c.fence IS NOT NULL
              AND CASE c.lease WHEN 'expired' THEN s.lease_expires_at <= clock_timestamp() ELSE s.lease_expires_at > clock_timestamp() END))
      RETURNING s.tenant_id, s.id, s.run_id, s.state, s.fence, s.attempt, s.lease_owner, c.from_state AS moved_from, c.lease, c.error AS moved_error
    ), attempt_ended AS (
      UPDATE execution.step_attempts a
         SET finished_at = clock_timestamp(), result = m.state, error = m.moved_error, previous_state = a.state,
             state = CASE WHEN m.lease = 'expired' THEN 'expired' WHEN m.state = 'ready' THEN 'returned' ELSE 'released' END
        FROM changed m
       WHERE m.moved_from = 'leased' AND a.tenant_id = m.tenant_id AND a.step_id = m.id AND a.fence = m.fence
    ), attempt_begun AS (
      INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker)
      SELECT tenant_id, id, attempt, fence, lease_owner FROM changed WHERE state = 'leased'
    )`;

/** The named step that moves the runs of `run_change`; `run_changed` has a row for each that was as expected. */
export const MOVE_RUNS = `run_changed AS (
      UPDATE execution.runs r
         SET previous_state = r.state, state = c.to_state,
             error = coalesce(c.error, CASE WHEN c.to_state IN ('running', 'succeeded') THEN NULL ELSE r.error END),
             started_at = CASE WHEN c.to_state = 'running' THEN coalesce(r.started_at, clock_timestamp()) ELSE r.started_at END,
             finished_at = CASE WHEN c.to_state IN ('succeeded', 'failed', 'cancelled') THEN clock_timestamp() END
        FROM run_change c
       WHERE r.tenant_id = c.tenant_id AND r.id = c.id AND r.state = c.from_state
      RETURNING r.id
    )`;

const FIRST_RUN = 1 + STEP_COLUMNS.length;
const FIRST_CONTENT = FIRST_RUN + RUN_COLUMNS.length;

const applyTransition: Statement = {
  name: 'steps.apply_transition',
  text: `
    WITH change AS (SELECT ${cells('c', STEP_COLUMNS)} FROM ${recordset('c', STEP_COLUMNS, 1)}),
    ${MOVE_STEPS},
    run_change AS (SELECT ${cells('c', RUN_COLUMNS)} FROM ${recordset('c', RUN_COLUMNS, FIRST_RUN)}),
    ${MOVE_RUNS},
    ${contentStep(FIRST_CONTENT)},
    ${auditStep(FIRST_CONTENT + 8)}
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
    ...columnsOf(STEP_COLUMNS, transition.steps), ...columnsOf(RUN_COLUMNS, transition.runs), ...contentValues(transition.contents), ...auditValues(transition.events, at),
  ]);
  const missed = transition.steps.find((step) => !done.steps.includes(step.id));
  if (missed?.from === 'leased' && missed.lease === 'held') throw new StaleLeaseError(missed.id, missed.fence ?? '?');
  if (missed) throw new ExecutionError('transition_conflict', `The step ${missed.id} is not ${missed.from} any more.`);
  if (done.runs !== transition.runs.length) throw new ExecutionError('transition_conflict', 'A run is not in the state that this change was decided on any more.');
}
