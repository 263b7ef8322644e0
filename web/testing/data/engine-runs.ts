import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { approvalOf } from './approvals.ts';
import { idOf } from './ids.ts';
import { numberOf, runOf, ticketOf, type Run } from './runs.ts';

type Schemas = components['schemas'];
type Step = Schemas['Step'];

const ITEMS = 60;

/** Runs in which the engine does more than one step after the other: items, children, waits, pauses, and effects that nobody can tell about. */
export function engineRuns(place: number, now_ms: number): Run[] {
  return [mapRun(place, now_ms - 90_000), outcomeRun(place + 1, now_ms - 240_000), pausedRun(place + 2, now_ms - 300_000)];
}

/** One that goes through 60 items, a dead one among them, and waits for a child and for a time. */
function mapRun(place: number, began_ms: number): Run {
  const base = runOf(place, 'succeeded', began_ms);
  const [first] = base.steps;
  const at = (offset_ms: number): string => new Date(began_ms + offset_ms).toISOString();
  const step = (key: string, uses: string, state: Step['state'], parts: Partial<Step> = {}): Step => {
    const ended = ['succeeded', 'dead'].includes(state);
    return {
      ...first!, id: idOf('step', `${place} ${key}`), key, uses, needs: [], state, attempt: state === 'ready' ? 0 : 1, error: null, output: null, started_at: state === 'ready' ? null : at(300), finished_at: ended ? at(900) : null,
      attempts: state === 'ready' ? [] : [{ attempt: 1, fence: '1', worker: 'worker-2', started_at: at(300), finished_at: ended || state === 'waiting' ? at(900) : null, result: state === 'leased' ? null : state, error: null }], ...parts,
    };
  };
  const items = Array.from({ length: ITEMS }, (_, index) => step(`each[${index}].write`, 'servicenow/incident.update', stateOfItem(index), stateOfItem(index) === 'dead' ? { error: { code: 'attempts_exhausted', message: 'The instance answered 503 five times.' } } : {}));
  return {
    ...base, state: 'running', finished_at: null, error: null, deadline_at: new Date(Date.now() + 7_200_000).toISOString(), cost_with_children_usd: '0.001212000',
    children: [{ run_id: idOf('run', 'child'), workflow_name: 'classifier-training', workflow_version: 1, step_key: 'escalation', state: 'running', cost_usd: '0.000800000', created_at: at(900), finished_at: null }], evidence: null, approvals: [], calls: [], decisions: [], costs: [],
    steps: [step('list', 'servicenow/incident.list', 'succeeded'), step('each', 'map', 'waiting', { needs: ['list'] }), ...items, step('escalation', 'workflow/classifier-training', 'waiting', { needs: ['list'] }), step('tomorrow', 'wait', 'waiting', { available_at: new Date(Date.now() + 3_725_000).toISOString() })],
  };
}

function stateOfItem(index: number): Step['state'] {
  if (index === 7) return 'dead';
  return index < 41 ? 'succeeded' : index < 46 ? 'leased' : 'ready';
}

/** One whose write was sent and never answered: a person is asked whether it happened. */
function outcomeRun(place: number, began_ms: number): Run {
  const base = runOf(place, 'uncertain', began_ms);
  const number = numberOf(place);
  const call = base.calls.find(({ state }) => state === 'uncertain');
  const question: Schemas['Approval'] = {
    ...approvalOf(number, ticketOf(place), 'pending', began_ms + 120_000, Date.now() + 7_200_000), id: idOf('approval', `${number} outcome`), kind: 'outcome', tier: 'outcome', answer: null, required_role: 'approver',
    sent: { call_id: call?.id ?? '', idempotency_key: call?.idempotency_key ?? '', intended_at: call?.intended_at ?? base.created_at, worker: 'worker-3', attempt: 1, error: { code: 'outcome_unknown', message: 'The worker died between the call and its answer, and the record shows neither.' } },
  };
  const steps = base.steps.map((step): Step => (step.state === 'uncertain' ? { ...step, approval_id: question.id } : step));
  return { ...base, approvals: [...base.approvals, question], steps };
}

function pausedRun(place: number, began_ms: number): Run {
  return { ...runOf(place, 'retrying', began_ms), paused_at: new Date(began_ms + 60_000).toISOString(), paused_by: idOf('principal', 'owner'), pause_reason: 'The desk moves its groups until noon' };
}
