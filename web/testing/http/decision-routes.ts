import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { decisionLog, killSwitches, logEntry, newKillSwitch, recoveringKillSwitch, replays, shadowReadiness, simulationOf } from '../data/decisions.ts';
import { idOf } from '../data/ids.ts';
import { ok, page, problem } from './answers.ts';
import type { Handler, Question } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about decisions, shadows, simulation, replays and kill switches. Nothing is decided: the log is made of the made-up runs. */
export const DECISION_ROUTES: Record<string, Handler> = {
  'GET /api/v1/decisions': ({ world, query }) => page(decisionLog(world.runs).filter((one) => fits(one, query)).map(logEntry), query),
  'GET /api/v1/decisions/{decision_id}': ({ world, params }) => {
    const found = decisionLog(world.runs).find(({ id }) => id === params['decision_id']);
    return found === undefined ? problem('not_found', 'There is no such decision.') : ok(found);
  },
  'GET /api/v1/policy-shadow': ({ world, query }) => {
    const wanted = query.get('environment');
    return ok({ from: query.get('from') ?? new Date(0).toISOString(), to: new Date().toISOString(), environments: shadowReadiness(decisionLog(world.runs)).filter(({ environment }) => wanted === null || environment === wanted) });
  },
  'POST /api/v1/policies/simulate': simulate,
  'GET /api/v1/policy-replays': ({ world, query }) => page(world.runs.length === 0 ? [] : replays(decisionLog(world.runs)), query),
  'POST /api/v1/policy-replays': ({ world, body }) => {
    const { against, environment_id } = body as Schemas['NewPolicyReplay'];
    return { status: 202, body: { ...replays(decisionLog(world.runs))[0], against, environment_id, state: 'queued', progress: 0, done: 0, total: null } };
  },
  'GET /api/v1/policy-replays/{replay_id}': ({ world, params }) => {
    const found = replays(decisionLog(world.runs)).find(({ id }) => id === params['replay_id']);
    return found === undefined ? problem('not_found', 'There is no such replay.') : ok(found);
  },
  'POST /api/v1/policy-replays/{replay_id}/cancel': ({ world }) => ok({ ...replays(decisionLog(world.runs))[0], state: 'cancelled', finished_at: new Date().toISOString() }),
  'GET /api/v1/kill-switches': ({ world, query }) => {
    const items = [...world.killSwitches, ...(world.scenario.recovering ? [recoveringKillSwitch()] : []), ...killSwitches(world.scenario.stopped)];
    const active = query.get('active');
    return ok({ items: items.filter(({ released_at }) => active === null || (released_at === null) === (active === 'true')) });
  },
  'POST /api/v1/kill-switches': ({ world, body }) => {
    const made = newKillSwitch(body as Schemas['NewKillSwitch']);
    world.killSwitches.unshift(made);
    world.emit('kill_switch', made.id, 'set');
    return { status: 201, body: made };
  },
  'POST /api/v1/kill-switches/{kill_switch_id}/release': ({ world, params, body }) => {
    const found = world.killSwitches.find(({ id }) => id === params['kill_switch_id']);
    if (found === undefined) return problem('not_found', 'There is no such kill switch.');
    const { reason, recovery } = body as Schemas['KillSwitchRelease'];
    const now = new Date().toISOString();
    Object.assign(found, { released_by: idOf('principal', 'owner'), release_reason: reason, released_at: now, ...(recovery === undefined ? { recovered_at: now } : { recovery, recovery_stage: 0, stage_began_at: now, share: recovery[0]?.share ?? null, recovered_at: null }) });
    world.emit('kill_switch', found.id, 'released');
    return ok(found);
  },
};

/** An input without a risk is refused, as the contract of the input would. */
function simulate({ world, body }: Question): ReturnType<Handler> {
  const wish = body as Schemas['NewSimulation'];
  if (wish.subject.input !== undefined && (wish.subject.input['action'] as { risk?: unknown } | undefined)?.risk === undefined) {
    return problem('policy_input_invalid', 'The input breaks its contract.', { errors: [{ field: '/subject/input/action', code: 'required', message: 'risk is missing' }] });
  }
  const answer = simulationOf(decisionLog(world.runs), wish);
  return answer === null ? problem('not_found', 'There is no such decision.') : ok(answer);
}

function fits(record: Schemas['DecisionRecord'], query: URLSearchParams): boolean {
  const is = (name: string, value: unknown): boolean => query.get(name) === null || query.get(name) === value;
  const outcomes = query.get('outcome')?.split(',') ?? [];
  return is('environment', record.environment) && is('workflow', record.workflow) && is('action', record.action) && is('run_id', record.run_id) && (query.get('differs') !== 'true' || record.differs)
    && (outcomes.length === 0 || outcomes.includes(record.outcome)) && (query.get('rule') === null || record.rules.includes(query.get('rule') ?? ''));
}
