import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { isLegalTransition, RUN_STATES, STEP_STATES, type RunState } from '@countersign/contracts/states/transitions.ts';
import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import type { Permission } from './permission.ts';
import { allOf, given, mayCall, type Asker } from './role-permission.ts';

type Schemas = components['schemas'];
type Run = Pick<Schemas['Run'], 'state' | 'steps' | 'evidence' | 'finished_at' | 'paused_at'>;

const ALLOWED: Permission = { allowed: true };

/** What a person can ask of a run, and the operation that does it. */
export const RUN_ACTS = { pause: 'pauseRun', resume: 'resumeRun', cancel: 'cancelRun', redrive: 'redriveRun' } as const satisfies Record<string, OperationId>;
export type RunAct = keyof typeof RUN_ACTS;

const DOING: Record<RunAct, string> = { pause: 'Pausing', resume: 'Resuming', cancel: 'Cancelling', redrive: 'Redriving' };

/** Whether whoever asks may do this with the run now. The run's state counts first: a role can be asked for, an end cannot be undone. */
export function mayAct(act: RunAct, run: Run, asker: Asker | undefined): Permission {
  return allOf(STATE_ALLOWS[act](run), mayCall(RUN_ACTS[act], asker, DOING[act]));
}

const STATE_ALLOWS: Record<RunAct, (run: Run) => Permission> = {
  pause: (run) => allOf(mayStillCancel(run), given(!isPaused(run), 'The run is paused already.')),
  resume: (run) => given(isPaused(run), 'The run is not paused.'),
  cancel: mayStillCancel,
  redrive: (run) => allOf(
    given(mayGoOn(run.state), `Nothing of it can be tried again: the run is ${run.state}.`),
    given(run.steps.some((step) => isRedrivable(step.state) && !isLeftBehind(step, run.steps)), 'No step is dead or failed that could be tried again.'),
  ),
};

export function mayDownloadEvidence(run: Run): Permission {
  if (run.evidence !== null) return ALLOWED;
  return given(false, run.finished_at === null ? 'The evidence is built when the run has ended.' : 'The run has ended; its evidence is built as soon as its audit events are sealed.');
}

/** A step that a person may send back to work. */
export function isRedrivable(state: Schemas['StepState']): boolean {
  return (state === 'dead' || state === 'failed') && isLegalTransition(STEP_STATES, state, 'ready');
}

/** Of an item whose map has gone on without it: the map has gathered what there was, and gathers no more. */
function isLeftBehind({ key }: Pick<Schemas['Step'], 'key'>, steps: Run['steps']): boolean {
  const item = itemKeyOf(key);
  return item !== null && steps.some((map) => map.key === item.map && ['succeeded', 'skipped'].includes(map.state));
}

export function isPaused({ paused_at }: Pick<Run, 'paused_at'>): boolean {
  return paused_at !== null && paused_at !== undefined;
}

/** What has not ended can be cancelled, and what can be cancelled can be paused. */
function mayStillCancel({ state }: Run): Permission {
  if (state === 'cancelling') return given(false, 'The run is already being cancelled.');
  return given(isLegalTransition(RUN_STATES, state, 'cancelling'), `The run has ended: it is ${state}.`);
}

/** Whether the run runs, or may come to run. */
function mayGoOn(state: RunState): boolean {
  return state === 'running' || isLegalTransition(RUN_STATES, state, 'running');
}
