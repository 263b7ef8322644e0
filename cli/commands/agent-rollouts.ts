import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, table, told, withReason } from '../add-command.ts';
import { durationMs } from '../durations.ts';
import { givenObject } from '../given-text.ts';
import { poolOf } from './agents.ts';

type AgentRollout = components['schemas']['AgentRollout'];
type NewAgentRollout = components['schemas']['NewAgentRollout'];

/** `countersign agent-rollouts`: the next version of the agent, for a pool at a time. */
export function rolloutCommands(): Command[] {
  const command = new Command('agent-rollouts').description('Releases of the agent that pools are given, in stages');
  addCommand(command, 'list', {
    does: 'Rollouts, the newest first',
    options: (it) => it.option('--pool <pool>', 'only those of this pool: its id, its name, or environment/name'),
    ask: async (api, _given, { pool }: { pool?: string }) => api.call('get', '/api/v1/agent-rollouts', { query: pool === undefined ? {} : { pool_id: (await poolOf(api, pool)).id } }),
  }, table({
    ROLLOUT: ({ id }) => id, POOL: ({ pool }) => pool, VERSION: ({ version, platform }) => `${version} ${platform}`, STATE: stateOf, STAGE: stageOf,
    WELL: ({ agents: { well } }) => well, 'UNDER WAY': ({ agents: { under_way } }) => under_way, FAILED: ({ agents: { failed } }) => failed, BEGUN: ({ created_at }) => created_at,
  }));
  addCommand(command, 'begin', {
    does: 'Give the agents of a pool a release; the cell has the file among its releases already',
    takes: [['<pool>', 'its id, its name, or environment/name'], ['<signature-file>', 'what was written beside the binary, countersign-agent.dsse']],
    options: (it) => withReason(it).option('--shares <percent,...>', 'of the pool in each stage, rising to 100; 10,50,100').option('--stage <duration>', 'how long each stage lasts at least; 10m'),
    ask: async (api, [pool = '', file = ''], { reason, shares, stage }: { reason: string; shares?: string; stage?: string }) => api.call('post', '/api/v1/agent-rollouts', {
      body: {
        pool_id: (await poolOf(api, pool)).id, signature: await givenObject(file, 'The signature', 'what was written beside the binary, countersign-agent.dsse') as NewAgentRollout['signature'], reason,
        ...(shares === undefined ? {} : { shares: shares.split(',').map(Number) }), ...(stage === undefined ? {} : { stage_min_s: durationMs(stage) / 1_000 }),
      },
    }),
  }, told(({ id, pool, version, shares }) => `${id} gives ${pool} version ${version}, ${shares.join(' %, then ')} %. It halts by itself at the first agent that is not well: countersign agent-rollouts list`));
  for (const [act, does] of [['halt', 'Offer a release to nobody any more'], ['resume', 'Go on with one that was halted; who had failed is offered it again']] as const) {
    addCommand(command, act, {
      does,
      takes: [['<rollout>', 'the rollout id, aro_...']],
      options: withReason,
      ask: (api, [rollout_id = ''], { reason }: { reason: string }) => api.call('post', `/api/v1/agent-rollouts/{rollout_id}/${act}`, { path: { rollout_id }, body: { reason } }),
    }, told(({ id, state }) => `${id} is ${state}.`));
  }
  return [command];
}

function stateOf({ state, halt_code, halted_by }: AgentRollout): string {
  return halt_code === null ? state : `${state}: ${halt_code} (${halted_by ?? ''})`;
}

function stageOf({ shares, stage, state }: AgentRollout): string {
  return state === 'done' ? 'all' : `${shares[stage] ?? 100} % (${stage + 1} of ${shares.length})`;
}
