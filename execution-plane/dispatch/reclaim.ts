import type { LockedRun } from './repository-runs.ts';
import type { Moves } from './plan-moves.ts';
import type { StepError } from '../engine/step-end.ts';

/** A leased step whose worker is gone, as it is under the run's lock. */
export interface Abandoned {
  readonly stepId: string;
  readonly fence: string;
  /** A write whose intent is committed and whose outcome is not known. */
  readonly effectUnknown: boolean;
  /** `expired`: the sweeper takes it; `held`: its own worker gives it back while it stops. */
  readonly lease: 'expired' | 'held';
}

/**
 * What becomes of a step whose worker died or stops. No I/O. An effect that may have happened makes it uncertain, so that the system of
 * record is asked before anything is sent again; else it is ready at once. Who dies with a step too often leaves it dead: it may be
 * the step that kills workers. It keeps its place in the queue: what came later does not go before it. An uncertain step gets one more try
 * than others, because giving up on it means that a person must look.
 */
export function reclaim(run: LockedRun, abandoned: Abandoned): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === abandoned.stepId);
  if (step === undefined || step.state !== 'leased' || step.fence !== abandoned.fence) return null;
  const base = { id: step.id, from: 'leased', fence: step.fence, lease: abandoned.lease } as const;
  if (abandoned.effectUnknown) {
    return { steps: [step.attempt > step.maxAttempts ? { ...base, to: 'dead', error: OUTCOME_UNKNOWN } : { ...base, to: 'uncertain', error: WORKER_LOST }] };
  }
  if (abandoned.lease === 'held') return { steps: [{ ...base, to: 'ready', attempt: Math.max(step.attempt - 1, 0) }] };
  if (step.attempt >= step.maxAttempts) return { steps: [{ ...base, to: 'dead', error: WORKERS_EXHAUSTED }] };
  return { steps: [{ ...base, to: 'ready', error: WORKER_LOST }] };
}

const WORKER_LOST: StepError = { code: 'internal', message: 'The worker that ran this step was lost.' };
const WORKERS_EXHAUSTED: StepError = { code: 'attempts_exhausted', message: 'Its worker was lost on the last attempt that the workflow allows.' };
const OUTCOME_UNKNOWN: StepError = { code: 'outcome_unknown', message: 'Its worker was lost after an effect was sent, and nobody could tell whether it happened. Look at the record, then redrive or cancel.' };
