import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, shownOnce, table, told, withReason } from '../add-command.ts';
import type { ApiClient } from '../api-client.ts';
import { oneOf } from '../choices.ts';
import { durationInWords, durationMs } from '../durations.ts';
import { CliError } from '../errors.ts';
import { printTable } from '../output.ts';

type Agent = components['schemas']['Agent'];
type AgentPool = components['schemas']['AgentPool'];

const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

/** `countersign agents|agent-pools`: what runs behind the firewalls of others. A token goes to stdout, once. */
export function agentCommands(): Command[] {
  return [agents(), pools()];
}

function agents(): Command {
  const command = new Command('agents').description('What runs behind firewalls, and how it is');
  addCommand(command, 'list', {
    does: 'Agents by pool, with how they were last heard of',
    options: (it) => it.option('--pool <pool>', 'only those of this pool: its id, its name, or environment/name').option('--revoked', 'those that are revoked, too'),
    ask: async (api, _given, { pool, revoked }: { pool?: string; revoked?: boolean }) => api.call('get', '/api/v1/agents', {
      query: { ...(pool === undefined ? {} : { pool_id: (await poolOf(api, pool)).id }), ...(revoked === true ? { revoked } : {}) },
    }),
  }, ({ items }) => {
    table<Agent>({
      AGENT: ({ id }) => id, POOL: ({ environment, pool }) => `${environment}/${pool}`, STATE: stateOf, VERSION: ({ agent_version }) => agent_version, SEEN: seenOf, LOAD: loadOf, POLICY: policyOf,
      SPOOL: spoolOf, 'CERTIFICATE ENDS': ({ certificate_expires_at }) => certificate_expires_at, ALARMS: alarmsOf,
    })({ items });
  });
  addCommand(command, 'show', {
    does: 'All that is known of one',
    takes: [['<agent>', 'the agent id']],
    ask: (api, [agent_id = '']) => api.call('get', '/api/v1/agents/{agent_id}', { path: { agent_id } }),
  }, showAgent);
  const moves = { drain: 'Give it no more work; it ends what it has', resume: 'Give it work again, and hold its alarms for looked at', revoke: 'Trust it no more, within a second and for good' } as const;
  for (const act of ['drain', 'resume', 'revoke'] as const) {
    addCommand(command, act, {
      does: moves[act],
      takes: [['<agent>', 'the agent id']],
      options: withReason,
      ask: (api, [agent_id = ''], { reason }: { reason: string }) => api.call('post', `/api/v1/agents/{agent_id}/${act}`, { path: { agent_id }, body: { reason } }),
    }, told(({ id, state }) => `${id} is ${state}.`));
  }
  tokenCommands(command);
  return command;
}

function tokenCommands(command: Command): void {
  addCommand(command, 'token', {
    does: 'Let one machine enrol into a pool; the token goes to stdout, and from there into countersign-agent enroll',
    takes: [['<pool>', 'its id, its name, or environment/name']],
    ask: async (api, [pool = '']) => api.call('post', '/api/v1/agent-tokens', { body: { pool_id: (await poolOf(api, pool)).id } }),
  }, shownOnce(({ token }) => token, ({ id, pool, expires_at }) => `${id} enrols one agent into ${pool} until ${expires_at}.`));
  addCommand(command, 'tokens', {
    does: 'Tokens that were made, and what became of them',
    ask: (api) => api.call('get', '/api/v1/agent-tokens', {}),
  }, table({ TOKEN: ({ id }) => id, POOL: ({ pool }) => pool, STATE: ({ state }) => state, EXPIRES: ({ expires_at }) => expires_at, ENROLLED: ({ used_by_agent }) => used_by_agent, 'MADE BY': ({ created_by }) => created_by }));
  addCommand(command, 'withdraw', {
    does: 'Take back a token that was not used',
    takes: [['<token-id>', 'of the token, aet_...']],
    ask: (api, [token_id = '']) => api.call('delete', '/api/v1/agent-tokens/{token_id}', { path: { token_id } }),
  }, told(() => 'It enrols nobody any more.'));
}

function pools(): Command {
  const command = new Command('agent-pools').description('Agents that can do the same work: what workflows are placed in, as agent:<name>');
  addCommand(command, 'list', {
    does: 'Pools by environment and name',
    ask: (api) => api.call('get', '/api/v1/agent-pools', {}),
  }, table({
    POOL: ({ id }) => id, ENVIRONMENT: ({ environment }) => environment, NAME: ({ name }) => name, ACTIVE: ({ agents: { active } }) => active, DRAINING: ({ agents: { draining } }) => draining,
    LOST: ({ agents: { lost } }) => lost, 'ORDERS BEGIN WITHIN': ({ order_valid_ms }) => durationInWords(order_valid_ms), INSTANCES: ({ instances }) => instances.join(' '),
  }));
  addCommand(command, 'make', {
    does: 'Make one',
    takes: [['<name>', 'small letters, digits and hyphens']],
    options: (it) => it.addOption(oneOf('--environment <name>', 'where its agents work', ENVIRONMENTS).default('prod')).option('--orders-begin-within <duration>', 'for how long an order may begin, also while the cell is away; 60s'),
    ask: (api, [name = ''], { environment, ordersBeginWithin }: { environment: Environment; ordersBeginWithin?: string }) => api.call('post', '/api/v1/agent-pools', {
      body: { name, environment, ...(ordersBeginWithin === undefined ? {} : { order_valid_ms: durationMs(ordersBeginWithin) }) },
    }),
  }, told(({ id, name, environment }) => `${environment}/${name} is ${id}. Let an agent enrol: countersign agents token ${environment}/${name} | countersign-agent enroll`));
  addCommand(command, 'change', {
    does: 'For how long its orders may begin',
    takes: [['<pool>', 'its id, its name, or environment/name']],
    options: (it) => it.requiredOption('--orders-begin-within <duration>', 'from 5s to 15m'),
    ask: async (api, [pool = ''], { ordersBeginWithin }: { ordersBeginWithin: string }) => api.call('patch', '/api/v1/agent-pools/{pool_id}', { path: { pool_id: (await poolOf(api, pool)).id }, body: { order_valid_ms: durationMs(ordersBeginWithin) } }),
  }, told(({ name, order_valid_ms }) => `Orders of ${name} may begin within ${durationInWords(order_valid_ms)}.`));
  addCommand(command, 'remove', {
    does: 'Remove one that never had agents, tokens or instances',
    takes: [['<pool>', 'its id, its name, or environment/name']],
    ask: async (api, [pool = '']) => api.call('delete', '/api/v1/agent-pools/{pool_id}', { path: { pool_id: (await poolOf(api, pool)).id } }),
  }, told(() => 'It is removed.'));
  return command;
}

/** @throws CliError `input_invalid` where no pool, or more than one, is meant */
export async function poolOf(api: ApiClient, which: string): Promise<AgentPool> {
  const { items } = await api.call('get', '/api/v1/agent-pools', {});
  const found = items.filter(({ id, name, environment }) => [id, name, `${environment}/${name}`].includes(which));
  const [pool, ...more] = found;
  if (pool === undefined) throw new CliError('input_invalid', `There is no pool ${which} in this workspace. See: countersign agent-pools list`);
  if (more.length > 0) throw new CliError('input_invalid', `${which} is a pool of more than one environment: write ${found.map(({ environment, name }) => `${environment}/${name}`).join(' or ')}.`);
  return pool;
}

function stateOf({ state, presence }: Agent): string {
  if (state === 'revoked' || presence?.is_lost === false) return state;
  return `${state}, ${presence === null ? 'never heard of' : 'lost'}`;
}

function seenOf({ presence }: Agent): string | null {
  return presence === null ? null : `${durationInWords(Math.max(0, Date.now() - Date.parse(presence.seen_at)))} ago`;
}

function loadOf({ presence }: Agent): string | null {
  return presence === null ? null : `${presence.under_way}/${presence.capacity}`;
}

function policyOf({ presence }: Agent): string | null {
  const policy = presence?.policy ?? null;
  if (policy === null) return null;
  return policy.seq === null ? policy.state : `${policy.state} ${policy.seq}${policy.served_seq === null || policy.served_seq === policy.seq ? '' : ` of ${policy.served_seq}`}`;
}

function spoolOf({ presence }: Agent): string | null {
  return presence === null ? null : `${presence.spool.state}, ${presence.spool.waiting} waiting`;
}

function alarmsOf({ alarms }: Agent): string {
  return alarms.map(({ kind, code, count }) => `${code === kind ? kind : `${kind} (${code})`}${count === 1 ? '' : ` x${count}`}`).join(', ');
}

function showAgent(agent: Agent): void {
  const { id, pool, environment, state_reason, agent_version, platform, protocol, enrolled_at, certificate_expires_at, presence } = agent;
  const rows: Array<[string, string]> = [
    ['agent', id], ['pool', `${environment}/${pool}`], ['state', `${stateOf(agent)}${state_reason === null ? '' : `: ${state_reason}`}`], ['version', `${agent_version} for ${platform}, protocol ${protocol}`],
    ['enrolled', enrolled_at], ['certificate ends', certificate_expires_at], ['alarms', alarmsOf(agent) || 'none'],
  ];
  if (presence !== null) {
    rows.push(
      ['seen', `${presence.seen_at} (${seenOf(agent) ?? ''})`], ['orders under way', `${loadOf(agent) ?? ''}, ${presence.free} more taken`],
      ['policy', `${policyOf(agent) ?? 'none'}${presence.policy?.expires_at == null ? '' : `, decides until ${presence.policy.expires_at}`}`],
      ['spool', `${spoolOf(agent) ?? ''}, ${presence.spool.bytes} of ${presence.spool.limit_bytes} bytes`], ['clock', `${durationInWords(Math.abs(presence.clock_offset_ms))} ${presence.clock_offset_ms < 0 ? 'ahead' : 'behind'}`],
      ['memory', `${(presence.memory_bytes / 1_000_000).toFixed(0)} MB`], ['labels', Object.entries(presence.labels).map(([name, value]) => `${name}=${value}`).join(' ') || 'none'],
      ['connections', presence.connections.map(({ name, connector }) => `${name} (${connector})`).join(', ') || 'none'],
    );
  }
  printTable(['', ''], rows);
}
