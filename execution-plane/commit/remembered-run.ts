import { auditRows } from '../audit/events.ts';
import { planMoves } from '../dispatch/plan-moves.ts';
import type { Moved, Mover, Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun, LockedStep } from '../dispatch/repository-runs.ts';
import type { StepChange } from '../dispatch/repository-transitions.ts';
import { stateLine } from './part.ts';
import type { Holder, Part } from './part.ts';

/** Of a larger run, to compare all states costs more than to look under its lock. */
const MOST_STEPS = 64;

/**
 * A run as the worker that holds one of its steps remembers it, so that it can decide what follows without asking. Whether it is still so is
 * checked by the statement that writes the moves; where it is not, nothing is written, and the run is looked at under its lock.
 */
export class RememberedRun {
  #run: LockedRun;

  constructor(run: LockedRun) {
    this.#run = run;
  }

  /** The moves as a part, and what follows from them; they count as made. Null where they take more than one statement: those are made under the lock. */
  move(decide: (run: LockedRun) => Moves | null, holder: Holder, who: Mover, at: Date): { readonly part: Part; readonly moved: Moved } | null {
    const run = this.#run;
    const moves = run.steps.length > MOST_STEPS ? null : decide(run);
    if (moves === null) return null;
    const { transition, further, withdrawn, moved } = planMoves(run, moves, who);
    if (further !== null || withdrawn.length > 0) return null;
    this.#run = { ...run, state: transition.runs[0]?.to ?? run.state, steps: run.steps.map((step) => afterChange(step, transition.steps.find(({ id }) => id === step.id))) };
    return {
      moved,
      part: {
        holder,
        expected: { runState: run.state, stepStates: stateLine(run.steps), begins: moved.continued !== null },
        rows: { steps: transition.steps, runs: transition.runs, contents: transition.contents, events: auditRows(transition.events, at) },
      },
    };
  }
}

function afterChange(step: LockedStep, change: StepChange | undefined): LockedStep {
  if (change === undefined) return step;
  return {
    ...step,
    state: change.to,
    fence: change.to === 'leased' ? (BigInt(step.fence) + 1n).toString() : step.fence,
    attempt: change.attempt ?? step.attempt,
    approvalId: change.approval_id === '' ? null : change.approval_id ?? step.approvalId,
    error: change.error ?? null,
  };
}
