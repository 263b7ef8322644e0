import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { TimelineRunRow, TimelineStepRow } from './repository-timeline.ts';

export type WaitingFor = NonNullable<components['schemas']['TimelineStep']['waiting_for']>;

const ENDED = new Set(['succeeded', 'failed', 'skipped', 'cancelled', 'dead']);

/** What lets this step go on, in words that an operator can act on; null when it is under way or has ended. Pure: all it knows is in its arguments. */
export function waitingFor(step: TimelineStepRow, run: TimelineRunRow, states: ReadonlyMap<string, string>): WaitingFor | null {
  if (ENDED.has(step.state) || step.state === 'leased') return null;
  if (step.state === 'blocked') {
    const needs = step.needs.filter((key) => !ENDED.has(states.get(key) ?? 'blocked'));
    return { ...NOTHING, kind: 'steps', needs, message: `Begins when ${listed(needs)} ${needs.length === 1 ? 'has' : 'have'} succeeded.` };
  }
  if (step.state === 'waiting' || step.approval_id !== null) return waitingStep(step);
  if (run.paused_at !== null) return { ...NOTHING, kind: 'pause', message: 'The run is paused. Resume it to let this step go on.' };
  if (run.stopped || step.error?.code === 'stopped_by_kill_switch') return { ...NOTHING, kind: 'kill_switch', message: 'A kill switch stops the run. It goes on when the switch is released.' };
  if (step.held) return { ...NOTHING, kind: 'admission', message: 'A limit of the workflow (concurrency or rate) holds the run back until others have ended, or time has passed.' };
  return claimableStep(step, run.now);
}

const NOTHING = { until: null, approval_id: null, needs: [] };

function waitingStep({ uses, approval_id, approval_kind, approval_expires_at, available_at }: TimelineStepRow): WaitingFor {
  if (approval_id !== null) {
    const until = approval_expires_at?.toISOString() ?? null;
    return approval_kind === 'outcome'
      ? { ...NOTHING, kind: 'outcome', approval_id, until, message: 'Nobody can tell whether the effect happened: a person must look at the record and answer.' }
      : { ...NOTHING, kind: 'approval', approval_id, until, message: 'A person decides on the action.' };
  }
  if (uses === 'wait') return { ...NOTHING, kind: 'time', until: available_at.toISOString(), message: 'It waits until the time that the workflow names.' };
  return { ...NOTHING, kind: 'children', message: uses === 'map' ? 'Its items are under way.' : 'The run that it started is under way.' };
}

function claimableStep({ state, available_at, error }: TimelineStepRow, now: Date): WaitingFor {
  const until = available_at > now ? available_at.toISOString() : null;
  const because = error === null ? '' : ` The last attempt: ${error.message}`;
  if (state === 'uncertain') return { ...NOTHING, kind: 'outcome', until, message: `Nobody knows yet whether the effect happened. The system of record is asked before anything else.${because}` };
  if (state === 'retrying' && until !== null) return { ...NOTHING, kind: 'retry', until, message: `It is tried again.${because}` };
  if (until !== null) return { ...NOTHING, kind: 'time', until, message: 'It may be claimed from then on.' };
  return { ...NOTHING, kind: 'worker', message: 'It waits for a free worker.' };
}

function listed(keys: readonly string[]): string {
  return keys.length === 0 ? 'what it needs' : keys.join(', ');
}
