import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { SealedContent } from '../contents/contents.ts';
import { applied } from '../engine/settle.ts';
import type { Settlement } from '../engine/settle.ts';
import { RUN_OVERDUE } from '../engine/step-end.ts';
import type { StepError } from '../engine/step-end.ts';
import { engineOf } from '../engine/versions.ts';
import { ExecutionError } from '../errors.ts';
import type { LockedRun, LockedStep } from './repository-runs.ts';
import type { RunChange, StepChange, Transition } from './repository-transitions.ts';

/** Who moves a run, for the audit. */
export type Mover = NewAuditEvent['actor'];

/** What a mover wants of a run, decided on the run as it is under its lock. */
export interface Moves {
  readonly steps: ReadonlyArray<Omit<StepChange, 'tenant_id'>>;
  /** A state that a person asks for (`cancelling`, `running` after a redrive); the rest follows from the steps. */
  readonly run?: RunState;
  /** Why, for a state that a person asks for. */
  readonly runError?: StepError;
  readonly contents?: readonly SealedContent[];
  readonly events?: readonly NewAuditEvent[];
  /** Claims the one step that these moves make ready, so that the mover goes on with it without a queue hop. */
  readonly continueAs?: { readonly worker: string; readonly leaseMs: number };
}

export interface Moved {
  readonly workspaceId: string;
  readonly runId: string;
  readonly runState: RunState;
  /** The run's state changed: live updates want to know. */
  readonly changed: boolean;
  readonly readied: number;
  /** The step that the mover now holds. */
  readonly continued: { readonly step: LockedStep; readonly fence: string; readonly attempt: number } | null;
}

/** Everything that follows from moves, ready to be written. */
export interface PlannedMoves {
  readonly transition: Transition;
  /** A row moves once per statement: what was asked for comes first, what follows from it (`cancelling` with nothing in flight) second. */
  readonly further: Transition | null;
  /** Requests of steps that will not go on. */
  readonly withdrawn: readonly string[];
  readonly moved: Moved;
}

/** What becomes of `run` by these moves: settles what follows, and describes all of it for tables and audit. No I/O. */
export function planMoves(run: LockedRun, moves: Moves, who: Mover): PlannedMoves {
  const tenantId = run.tenantId;
  const asked = moves.run ?? run.state;
  const overdue = run.overdue || moves.runError?.code === RUN_OVERDUE.code;
  const settlement = engineOf(run.engineVersion).settle(applied({ state: asked, steps: run.steps, overdue }, moves.steps.map(({ id, to }) => ({ key: stepById(run, id).key, to }))));
  const readied = settlement.steps.filter((step) => step.to === 'ready');
  const only = readied.length === 1 ? readied[0] : undefined;
  const moved = new Set(moves.steps.map(({ id }) => id));
  const candidate = moves.continueAs && !run.paused && only ? stepByKey(run, only.key) : null;
  // What has just moved is not gone on with: its row moves again, after this.
  const next = candidate !== null && !moved.has(candidate.id) ? candidate : null;
  const asChange = ({ key, from, to }: Settlement['steps'][number]): StepChange => key === next?.key
    ? { tenant_id: tenantId, id: next.id, from, to: 'leased', attempt: next.attempt + 1, worker: moves.continueAs!.worker, lease_ms: moves.continueAs!.leaseMs }
    : { tenant_id: tenantId, id: stepByKey(run, key).id, from, to, delay_ms: 0 };
  const following = settlement.steps.map(asChange);
  const steps = [...moves.steps.map((step) => ({ ...step, tenant_id: tenantId })), ...following.filter((step) => !moved.has(step.id))];
  const settled = settlement.run?.to ?? asked;
  const runs = runChange(run, run.state, asked === run.state ? settled : asked, steps, overdue, moves.runError);
  const furtherSteps = following.filter((step) => moved.has(step.id));
  const furtherRuns = asked === run.state ? [] : runChange(run, asked, settled, steps, overdue);
  return {
    transition: { steps, runs, contents: moves.contents ?? [], events: [...(moves.events ?? []), ...eventsOf(run, steps, runs, who)] },
    further: furtherSteps.length + furtherRuns.length === 0 ? null : { steps: furtherSteps, runs: furtherRuns, contents: [], events: eventsOf(run, furtherSteps, furtherRuns, who) },
    withdrawn: approvalsOf(run, steps),
    moved: {
      workspaceId: run.workspaceId, runId: run.id, runState: settled, changed: settled !== run.state, readied: readied.length - (next ? 1 : 0) + moves.steps.filter((step) => step.to === 'ready').length,
      continued: next ? { step: next, fence: (BigInt(next.fence) + 1n).toString(), attempt: next.attempt + 1 } : null,
    },
  };
}

/** Requests of steps that will not go on, cancelled or over their deadline: nobody needs to decide them any more. */
function approvalsOf(run: LockedRun, steps: readonly StepChange[]): string[] {
  return steps.filter((step) => step.to === 'cancelled' || step.error?.code === RUN_OVERDUE.code).map((step) => step.approval_id ?? stepById(run, step.id).approvalId).filter((id) => id !== null);
}

function runChange(run: LockedRun, from: RunState, to: RunState, steps: readonly StepChange[], overdue: boolean, error: StepError | null = null): RunChange[] {
  if (from === to) return [];
  return [{ tenant_id: run.tenantId, id: run.id, from, to, error: to !== 'failed' ? error : overdue ? RUN_OVERDUE : failureOf(run, steps) }];
}

/** Why the run failed: the error of the step that broke, with its key. */
function failureOf(run: LockedRun, steps: readonly StepChange[]): StepError & { step_key: string } {
  const now = steps.find((step) => (step.to === 'failed' || step.to === 'dead') && step.error);
  if (now?.error) return { code: now.error.code, message: now.error.message, step_key: stepById(run, now.id).key };
  const before = run.steps.find((step) => (step.state === 'failed' || step.state === 'dead') && step.error !== null);
  return { code: before?.error?.code ?? 'internal', message: before?.error?.message ?? 'A step did not succeed.', step_key: before?.key ?? '' };
}

function eventsOf(run: LockedRun, steps: readonly StepChange[], runs: readonly RunChange[], actor: Mover): NewAuditEvent[] {
  const common = { tenant_id: run.tenantId, workspace_id: run.workspaceId, run_id: run.id, actor };
  return [
    ...steps.map((step): NewAuditEvent => ({ ...common, type: 'step.state_changed', subject: { kind: 'step', id: step.id }, data: stepData(stepById(run, step.id).key, step) })),
    ...runs.map((change): NewAuditEvent => ({ ...common, type: 'run.state_changed', subject: { kind: 'run', id: run.id }, data: { from: change.from, to: change.to, ...(change.error ? { error_code: change.error.code } : {}) } })),
  ];
}

/** What the audit keeps of a move: states and codes, never an error's words, which may name what a person typed. */
export function stepData(key: string, step: Omit<StepChange, 'tenant_id'>): AuditData {
  return {
    step_key: key, from: step.from, to: step.to,
    ...(step.fence === undefined ? {} : { fence: step.fence }),
    ...(step.attempt === undefined ? {} : { attempt: step.attempt }),
    ...(step.worker === undefined ? {} : { worker: step.worker }),
    ...(step.approval_id === undefined ? {} : { approval_id: step.approval_id }),
    ...(step.error ? { error_code: step.error.code } : {}),
  };
}

function stepById(run: LockedRun, id: string): LockedStep {
  return found(run.steps.find((step) => step.id === id));
}

function stepByKey(run: LockedRun, key: string): LockedStep {
  return found(run.steps.find((step) => step.key === key));
}

function found(step: LockedStep | undefined): LockedStep {
  if (step === undefined) throw new ExecutionError('transition_conflict', 'A move names a step that the run does not have.');
  return step;
}
