import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { poolOf, tokenOf } from '../data/agents.ts';
import { idOf } from '../data/ids.ts';
import { ok, problem } from './answers.ts';
import type { Answer } from './answers.ts';
import type { Handler, Question } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about agents: none runs anywhere. */
export const AGENT_ROUTES: Record<string, Handler> = {
  'GET /api/v1/agent-pools': ({ world }) => ok({ items: world.agents.pools }),
  'POST /api/v1/agent-pools': ({ world, body }) => {
    const { name, environment, order_valid_ms = 60_000 } = body as Schemas['NewAgentPool'];
    if (world.agents.pools.some((one) => one.name === name && one.environment === environment)) return problem('name_taken', `A pool named ${name} exists in ${environment}.`);
    const made = poolOf(name, environment, { order_valid_ms });
    world.agents.pools.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/agent-pools/{pool_id}': ({ world, params, body }) => {
    const pool = world.agents.pools.find(({ id }) => id === params['pool_id']);
    return pool === undefined ? problem('not_found', 'There is no such pool.') : ok(Object.assign(pool, body));
  },
  'DELETE /api/v1/agent-pools/{pool_id}': ({ world, params }) => {
    world.agents.pools = world.agents.pools.filter(({ id }) => id !== params['pool_id']);
    return { status: 204 };
  },
  'GET /api/v1/agents': ({ world, query }) => ok({ items: world.agents.agents.filter(({ state }) => query.get('revoked') === 'true' || state !== 'revoked') }),
  'GET /api/v1/agents/{agent_id}': ({ world, params }) => {
    const agent = world.agents.agents.find(({ id }) => id === params['agent_id']);
    return agent === undefined ? problem('not_found', 'There is no such agent.') : ok(agent);
  },
  'POST /api/v1/agents/{agent_id}/drain': (question) => move(question, 'draining'),
  'POST /api/v1/agents/{agent_id}/resume': (question) => move(question, 'active'),
  'POST /api/v1/agents/{agent_id}/revoke': (question) => move(question, 'revoked'),
  'GET /api/v1/agent-rollouts': ({ world }) => ok({ items: world.agents.rollouts }),
  'POST /api/v1/agent-rollouts/{rollout_id}/halt': (question) => moveRollout(question, 'halted'),
  'POST /api/v1/agent-rollouts/{rollout_id}/resume': (question) => moveRollout(question, 'running'),
  'GET /api/v1/agent-tokens': ({ world }) => ok({ items: world.agents.tokens }),
  'POST /api/v1/agent-tokens': ({ world, body }) => {
    const pool = world.agents.pools.find(({ id }) => id === (body as { pool_id: string }).pool_id);
    if (pool === undefined) return problem('not_found', 'There is no such pool.');
    const made = tokenOf(`made ${world.agents.tokens.length}`, pool, { created_at: new Date().toISOString(), expires_at: new Date(Date.now() + 600_000).toISOString() });
    world.agents.tokens.unshift(made);
    return { status: 201, body: { ...made, token: 'cs_enrol_a-token-of-the-stand-in-which-enrols-nobody' } };
  },
  'DELETE /api/v1/agent-tokens/{token_id}': ({ world, params }) => {
    const token = world.agents.tokens.find(({ id }) => id === params['token_id']);
    if (token === undefined) return problem('not_found', 'There is no such token.');
    token.state = 'revoked';
    return { status: 204 };
  },
};

function moveRollout({ world, params }: Question, state: 'halted' | 'running'): Answer {
  const rollout = world.agents.rollouts.find(({ id }) => id === params['rollout_id']);
  if (rollout === undefined) return problem('not_found', 'There is no such rollout.');
  return ok(Object.assign(rollout, { state, halt_code: state === 'halted' ? 'person' : null, halted_by: state === 'halted' ? idOf('principal', 'owner') : null }));
}

function move({ world, params, body }: Question, state: Schemas['AgentState']): Answer {
  const agent = world.agents.agents.find(({ id }) => id === params['agent_id']);
  if (agent === undefined) return problem('not_found', 'There is no such agent.');
  if (agent.state === 'revoked') return problem('agent_state', 'The agent is revoked.');
  return ok(Object.assign(agent, { state, state_reason: (body as { reason: string }).reason, state_at: new Date().toISOString(), alarms: state === 'draining' ? agent.alarms : [] }));
}
