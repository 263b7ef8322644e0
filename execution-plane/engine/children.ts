import { workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { RunGraph, StepNode } from './run-graph.ts';
import { STEP_OVERDUE } from './step-end.ts';
import type { StepEnd, StepError } from './step-end.ts';

/** The run that a step started, as its parent sees it. */
export interface ChildRun {
  readonly id: string;
  readonly workflow: string;
  readonly state: RunState;
  readonly error: { readonly code: string; readonly message: string; readonly step_key?: string } | null;
  /** The step has told of its failure before, so that this turn is a redrive. */
  readonly told: boolean;
  /** The deadline of the step that started it is over. */
  readonly overdue: boolean;
}

/** What the turn of a step comes to that has started a run: wait on, take what it gave, begin it again where it failed, or end as it has. */
export function endOfChild(child: ChildRun): { readonly kind: 'gather' } | { readonly kind: 'redrive' } | { readonly kind: 'end'; readonly end: StepEnd } {
  switch (child.state) {
    case 'succeeded': return { kind: 'gather' };
    case 'failed': return child.told ? { kind: 'redrive' } : { kind: 'end', end: { to: 'failed', error: failureOf(child) } };
    case 'cancelled': return { kind: 'end', end: { to: 'failed', error: child.overdue ? STEP_OVERDUE : cancelledError(child) } };
    default: return { kind: 'end', end: { to: 'waiting', approvalId: null, holds: true } };
  }
}

function failureOf({ id, workflow, error }: ChildRun): StepError {
  return {
    code: error?.code ?? 'internal', message: `The run ${id} of ${workflow} failed${error?.step_key ? ` in ${error.step_key}` : ''}: ${error?.message ?? 'a step did not succeed.'}`,
    data: { run_id: id, ...(error?.step_key ? { step_key: error.step_key } : {}) },
  };
}

/** It cannot go on, and another in its place would do again what it has done. */
function cancelledError({ id, workflow }: ChildRun): StepError {
  return { code: 'run_cancelled', message: `The run ${id} of ${workflow} was cancelled, and does not go on. Look at what it did, then start anew.`, data: { run_id: id } };
}

/** A step whose run has ended goes on. Null where it does not wait for that any more. */
export function childHasEnded({ key, state, uses }: StepNode): { readonly key: string; readonly from: 'waiting'; readonly to: 'ready' } | null {
  return state === 'waiting' && uses !== undefined && workflowStartedBy(uses) !== null ? { key, from: 'waiting', to: 'ready' } : null;
}

/** A run that nobody waits for any more is cancelled, and says why. Null where it has ended, or is being cancelled already. */
export function childIsUnwanted(run: RunGraph, overdue: boolean): { readonly run: 'cancelling'; readonly runError: StepError; readonly steps: readonly [] } | null {
  if (!['queued', 'running', 'waiting'].includes(run.state)) return null;
  const why = overdue ? 'the deadline of what started it is over' : 'what started it was cancelled or has failed';
  return { run: 'cancelling', steps: [], runError: { code: 'run_cancelled', message: `It was cancelled, because ${why}.`, data: { by: 'parent' } } };
}
