import { WAIT } from '@countersign/contracts/workflow/definition.ts';
import { isStepOfItem, isStoppable } from './run-graph.ts';
import type { RunGraph, StepNode } from './run-graph.ts';
import { RUN_OVERDUE, STEP_OVERDUE } from './step-end.ts';
import type { StepError } from './step-end.ts';

/** A step that time moves. */
export interface TimedMove {
  readonly key: string;
  readonly from: StepNode['state'];
  readonly to: 'succeeded' | 'failed';
  readonly error?: StepError;
}

/** What becomes of a step whose time has come. Null where it does not wait for time, or not any more. */
export function timeHasCome({ key, state, uses }: StepNode): TimedMove | null {
  return uses === WAIT && state === 'waiting' ? { key, from: state, to: 'succeeded' } : null;
}

/**
 * What becomes of a step whose deadline is over. What is under way is left to end, an effect of unknown outcome to be found out about, and the
 * run that a step started to be cancelled first: null until then.
 */
export function stepIsOverdue(step: StepNode): TimedMove | null {
  return isStoppable(step) && step.state !== 'blocked' ? { key: step.key, from: step.state, to: 'failed', error: STEP_OVERDUE } : null;
}

/**
 * What becomes of a run whose deadline is over: nothing new begins in it, as when it is cancelled, and it ends failed. Its steps that were
 * waiting for their turn fail, so that a redrive begins with them. Null where it has ended, or is being cancelled already.
 */
export function runIsOverdue(run: RunGraph): { readonly run: 'cancelling'; readonly runError: StepError; readonly steps: readonly TimedMove[] } | null {
  if (!['queued', 'running', 'waiting'].includes(run.state)) return null;
  const steps = run.steps.filter((step) => !isStepOfItem(step)).flatMap((step) => stepIsOverdue(step) ?? []);
  return { run: 'cancelling', runError: RUN_OVERDUE, steps: steps.map((step) => ({ ...step, error: RUN_OVERDUE })) };
}
