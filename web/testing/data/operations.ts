import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';
import type { Run } from './runs.ts';

type Schemas = components['schemas'];

const MINUTE_MS = 60_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** How much waits, as the made-up runs have it; a second queue that is deep. */
export function queuesOf(runs: readonly Run[]): Schemas['Queues'] {
  const triage = figuresOf(runs);
  const training = { ...triage, runs: { queued: 0, running: 1, waiting: 0, cancelling: 0, paused: 0 }, steps: { ready: 10_000, retrying: 12, uncertain: 0, leased: 4, waiting: 0, held: 3 }, counted_up_to: 10_000, oldest_ready_ms: 754_000, dead_letters: 0, dead_letters_per_hour: 0, attention: 0 };
  const items: Schemas['Queue'][] = runs.length === 0 ? [] : [
    { ...training, environment: 'staging', workflow_name: 'classifier-training' },
    { ...triage, environment: 'prod', workflow_name: 'incident-triage' },
  ];
  return { at: ago(0), items, items_left_out: 0, totals: triage, dispatch: dispatchOf(runs.length > 0) };
}

function figuresOf(runs: readonly Run[]): Schemas['QueueFigures'] {
  const inState = (state: Run['state']): number => runs.filter((run) => run.state === state).length;
  const steps = runs.flatMap((run) => run.steps);
  const stepsIn = (state: Schemas['StepState']): number => steps.filter((step) => step.state === state).length;
  const busy = runs.length > 0;
  return {
    runs: { queued: inState('queued'), running: inState('running'), waiting: inState('waiting'), cancelling: inState('cancelling'), paused: 0 },
    steps: { ready: stepsIn('ready'), retrying: stepsIn('retrying'), uncertain: stepsIn('uncertain'), leased: stepsIn('leased'), waiting: stepsIn('waiting'), held: 0 },
    counted_up_to: null, oldest_ready_ms: stepsIn('ready') === 0 ? null : 4_200, claims_per_minute: busy ? 412.6 : 0, retries_per_minute: busy ? 1.4 : 0,
    dead_letters: stepsIn('dead'), dead_letters_per_hour: stepsIn('dead'), attention: stepsIn('dead') + stepsIn('uncertain') + stepsIn('waiting'),
  };
}

function dispatchOf(running: boolean): Schemas['DispatchState'] {
  const worker = (id: string, silent_ms: number, draining_since: string | null): Schemas['DispatchState']['workers'][number] => ({ id, version: '0.1.0-stand-in', started_at: ago(52 * MINUTE_MS), heartbeat_at: ago(silent_ms), draining_since, in_flight: 4 });
  return {
    kind: 'sqs', outbox: { depth: 3, oldest_ms: 140 }, queue: { asked_at: ago(4_000), visible: 12, in_flight: 4, dead_letters: 2 },
    workers: running ? [worker('worker-1', 1_000, null), worker('worker-2', 1_500, ago(8_000)), worker('worker-3', 45_000, null)] : [],
  };
}

const POINTS = 60;

/** Quiet, then a burst, then quiet; nothing measured in the first minutes. */
export function boardOf(minutes: number, running: boolean): Schemas['Board'] {
  const bucket_ms = (minutes * MINUTE_MS) / POINTS;
  const series = Array.from({ length: POINTS }, (_, place) => ({ at: ago((POINTS - place) * bucket_ms), ...figuresAt(running && place > 8 ? place : null) }));
  const totals = figuresAt(running ? 40 : null);
  return { from: ago(minutes * MINUTE_MS), to: ago(0), bucket_ms, totals, series, workflows: running ? [{ ...totals, environment: 'prod', workflow_name: 'incident-triage' }] : [], workflows_left_out: 0 };
}

function figuresAt(place: number | null): Schemas['BoardFigures'] {
  const wave = place === null ? 0 : Math.round(60 + 50 * Math.sin(place / 5));
  const latency = (p50_ms: number): Schemas['Latency'] => (place === null ? { count: 0, p50_ms: null, p95_ms: null, p99_ms: null } : { count: wave, p50_ms: p50_ms + wave / 20, p95_ms: p50_ms * 4 + wave / 4, p99_ms: p50_ms * 9 + wave });
  return {
    runs_started: wave, runs_succeeded: wave, runs_failed: Math.floor(wave / 40), runs_cancelled: 0, steps_claimed: wave * 3, steps_succeeded: wave * 3, steps_failed: 0, steps_retried: Math.floor(wave / 12), steps_dead: Math.floor(wave / 60),
    decisions: { ALLOW: wave * 2, REQUIRE_HITL: wave }, queue_wait: latency(2), step_duration: latency(11), run_duration: latency(240),
  };
}

type Entry = Schemas['TimelineEntry'];
const ENTRY: Omit<Entry, 'at' | 'kind' | 'id'> = { ended_at: null, step_key: null, result: null, worker: null, fence: null, attempt: null, action: null, by: null, message: null, error: null };

/** Where a made-up run stands. */
export function timelineOf(run: Run): Schemas['RunTimeline'] {
  const { paused_at = null, paused_by = null, pause_reason: reason = null } = run;
  return {
    run_id: run.id, state: run.state, at: ago(0), paused: paused_at === null ? null : { at: paused_at, by: paused_by, reason }, steps: run.steps.map((step) => timelineStep(run, step)), steps_left_out: 0, next_cursor: null,
    entries: entriesOf(run).sort((one, other) => one.at.localeCompare(other.at)),
  };
}

function entriesOf(run: Run): Entry[] {
  const keyOf = (id: string): string | null => run.steps.find((step) => step.id === id)?.key ?? null;
  return [
    { ...ENTRY, at: run.created_at, kind: 'created', id: run.id, result: 'queued' },
    ...run.steps.flatMap((step) => step.attempts.map((attempt): Entry => ({
      ...ENTRY, at: attempt.started_at, ended_at: attempt.finished_at, kind: 'attempt', id: `${step.id}-${attempt.fence}`, step_key: step.key, result: attempt.result, worker: attempt.worker, fence: attempt.fence, attempt: attempt.attempt, error: attempt.error,
    }))),
    ...run.decisions.map((one): Entry => ({ ...ENTRY, at: one.decided_at, kind: 'decision', id: one.id, step_key: keyOf(one.step_id), result: one.outcome, action: one.action, message: one.reasons.map(({ message }) => message).join(' ') })),
    ...run.calls.map((one): Entry => ({ ...ENTRY, at: one.intended_at, ended_at: one.finished_at, kind: 'call', id: one.id, step_key: keyOf(one.step_id), result: one.state, action: one.action, error: one.error })),
    ...run.approvals.map((one): Entry => ({ ...ENTRY, at: one.requested_at, ended_at: one.decided_at, kind: 'approval', id: one.id, step_key: one.step_key, result: one.state, action: one.action })),
    ...run.steps.filter(({ uses }) => uses.startsWith('workflow/')).map((step): Entry => ({ ...ENTRY, at: run.created_at, kind: 'child', id: idOf('run', `child of ${step.id}`), step_key: step.key, result: 'running', action: step.uses })),
  ];
}

function timelineStep(run: Run, step: Schemas['Step']): Schemas['TimelineStep'] {
  return {
    id: step.id, key: step.key, uses: step.uses, state: step.state, attempt: step.attempt, max_attempts: step.max_attempts, created_at: run.created_at, available_at: step.available_at, started_at: step.started_at, finished_at: step.finished_at,
    next_attempt_at: step.state === 'retrying' || step.state === 'uncertain' ? step.available_at : null,
    lease: step.state === 'leased' ? { worker: 'worker-1', fence: '1', expires_at: ago(-20_000), expired: false } : null, waiting_for: waitOf(run, step), error: step.error,
  };
}

function waitOf(run: Run, step: Schemas['Step']): Schemas['TimelineStep']['waiting_for'] {
  const wait = (kind: NonNullable<Schemas['TimelineStep']['waiting_for']>['kind'], message: string, parts: { until?: string; approval_id?: string; needs?: string[] } = {}) => ({ kind, message, until: null, approval_id: null, needs: [], ...parts });
  switch (step.state) {
    case 'blocked': return wait('steps', `Waits for ${step.needs.join(', ')}`, { needs: step.needs });
    case 'ready': return wait('worker', 'Waits for a worker');
    case 'retrying': return wait('retry', 'Its back-off is not over', { until: step.available_at });
    case 'uncertain': return questionOf(run, step) ?? wait('outcome', 'The system of record is asked whether the effect happened', { until: step.available_at });
    case 'waiting': return waitingStep(run, step);
    default: return null;
  }
}

function questionOf(run: Run, step: Schemas['Step']): Schemas['TimelineStep']['waiting_for'] {
  const asked = run.approvals.find(({ kind, state, step_key }) => kind === 'outcome' && state === 'pending' && step_key === step.key);
  return asked === undefined ? null : { kind: 'outcome', message: 'Nobody can tell whether the effect happened: a person must look at the record and answer.', until: asked.expires_at, approval_id: asked.id, needs: [] };
}

function waitingStep(run: Run, step: Schemas['Step']): Schemas['TimelineStep']['waiting_for'] {
  const asked = run.approvals.find(({ state, step_key }) => state === 'pending' && step_key === step.key);
  if (asked !== undefined) return { kind: 'approval', message: 'A person decides on the action.', until: asked.expires_at, approval_id: asked.id, needs: [] };
  if (step.uses === 'wait') return { kind: 'time', message: 'It waits until the time that the workflow names.', until: step.available_at, approval_id: null, needs: [] };
  return { kind: 'children', message: step.uses === 'map' ? 'Its items are under way.' : 'The run that it started is under way.', until: null, approval_id: null, needs: [] };
}

export function savedViews(): Schemas['SavedView'][] {
  const view = (name: string, filters: Schemas['RunFilters'], parts: Partial<Schemas['SavedView']>): Schemas['SavedView'] => ({
    id: idOf('saved_view', name), name, filters, shared: false, owner_id: idOf('principal', 'owner'), owner_name: 'Cell owner', mine: true, created_at: ago(90 * MINUTE_MS), updated_at: ago(90 * MINUTE_MS), ...parts,
  });
  return [
    view('Failed today', { state: ['failed'], last_minutes: 1_440 }, {}),
    view('Waits for the desk', { attention: true, environment: 'prod' }, { shared: true, mine: false, owner_id: idOf('principal', 'desk'), owner_name: 'Service desk lead' }),
  ];
}
