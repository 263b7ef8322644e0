import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf, hexOf, idOf } from './ids.ts';

type Schemas = components['schemas'];
type Agent = Schemas['Agent'];
type Presence = NonNullable<Agent['presence']>;

export interface AgentsState {
  pools: Schemas['AgentPool'][];
  agents: Agent[];
  tokens: Schemas['AgentToken'][];
  rollouts: Schemas['AgentRollout'][];
}

const MINUTE_MS = 60_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

/** A pool whose agents do in every way that one can, and one that nobody has enrolled into yet. */
export function agentsState(): AgentsState {
  const frankfurt = poolOf('frankfurt', 'prod', { instances: ['servicenow-onprem'], order_valid_ms: 300_000, agents: { active: 4, draining: 2, lost: 2 } });
  return {
    pools: [frankfurt, poolOf('berlin', 'staging', {})],
    agents: [
      agentOf('working', frankfurt, {}),
      agentOf('behind', frankfurt, { agent_version: '0.2.1', presence: presenceOf({ policy: policyOf({ seq: 11 }), spool: { state: 'open', waiting: 42, bytes: 91_000, limit_bytes: 268_435_456 } }) }),
      agentOf('lost', frankfurt, { presence: presenceOf({ is_lost: true, seen_at: at(-42 * MINUTE_MS), policy: policyOf({ state: 'stale', expires_at: at(-27 * MINUTE_MS) }), spool: { state: 'full', waiting: 9_812, bytes: 268_000_000, limit_bytes: 268_435_456 } }), certificate_expires_at: at(4 * MINUTE_MS) }),
      agentOf('new', frankfurt, { presence: null }),
      agentOf('alarmed', frankfurt, {
        state: 'draining', state_reason: 'token_reused', state_by: 'control-plane', state_at: at(-9 * MINUTE_MS), presence: presenceOf({ draining: true, free: 0, under_way: 1, clock_offset_ms: -312_000 }),
        alarms: [{ kind: 'token_reused', code: 'token_reused', count: 1, raised_at: at(-9 * MINUTE_MS), last_at: at(-9 * MINUTE_MS) }, { kind: 'order_refused', code: 'order_parameters_changed', count: 3, raised_at: at(-8 * MINUTE_MS), last_at: at(-2 * MINUTE_MS) }],
      }),
      agentOf('patched', frankfurt, { state: 'draining', state_reason: 'The host is patched tonight', state_at: at(-3 * MINUTE_MS), presence: presenceOf({ draining: true, free: 0, under_way: 0 }) }),
      agentOf('stolen', frankfurt, { state: 'revoked', state_reason: 'The host was stolen', state_at: at(-90 * MINUTE_MS), certificate_expires_at: at(-60 * MINUTE_MS) }),
    ],
    rollouts: [
      rolloutOf('0.3.1', frankfurt, { state: 'halted', stage: 1, halt_code: 'agent_failed', halted_by: idOf('agent', 'behind'), agents: { under_way: 0, well: 2, failed: 1 } }),
      rolloutOf('0.3.0', frankfurt, { state: 'done', stage: 2, agents: { under_way: 0, well: 5, failed: 0 }, created_at: at(-9 * 24 * 60 * MINUTE_MS), ended_at: at(-8 * 24 * 60 * MINUTE_MS) }),
    ],
    tokens: [
      tokenOf('open', frankfurt, { state: 'issued', expires_at: at(7 * MINUTE_MS), created_at: at(-3 * MINUTE_MS) }),
      tokenOf('alarmed', frankfurt, { state: 'reused', uses: 2, used_at: at(-20 * MINUTE_MS), used_by_agent: idOf('agent', 'alarmed') }),
      tokenOf('working', frankfurt, { state: 'used', uses: 1, used_at: at(-80 * MINUTE_MS), used_by_agent: idOf('agent', 'working') }),
    ],
  };
}

export function poolOf(name: string, environment: string, more: Partial<Schemas['AgentPool']>): Schemas['AgentPool'] {
  return { id: idOf('agent_pool', name), name, environment, order_valid_ms: 60_000, created_at: at(-90 * 24 * 60 * MINUTE_MS), agents: { active: 0, draining: 0, lost: 0 }, instances: [], ...more };
}

export function tokenOf(name: string, { id, name: pool }: Schemas['AgentPool'], more: Partial<Schemas['AgentToken']>): Schemas['AgentToken'] {
  return { id: idOf('enrolment_token', name), pool_id: id, pool, created_by: idOf('principal', 'owner'), created_at: at(-90 * MINUTE_MS), expires_at: at(-80 * MINUTE_MS), state: 'issued', used_at: null, used_by_agent: null, uses: 0, ...more };
}

function rolloutOf(version: string, { id: pool_id, name: pool }: Schemas['AgentPool'], more: Partial<Schemas['AgentRollout']>): Schemas['AgentRollout'] {
  return {
    id: idOf('agent_rollout', version), pool_id, pool, version, platform: 'linux-x64', sha256: hexOf(version), size_bytes: 128_000_000, shares: [10, 50, 100], stage: 0, stage_began_at: at(-14 * MINUTE_MS), stage_min_s: 600,
    state: 'running', halt_code: null, halted_by: null, agents: { under_way: 1, well: 0, failed: 0 }, created_by: idOf('principal', 'owner'), created_at: at(-40 * MINUTE_MS), ended_at: null, ...more,
  };
}

function agentOf(name: string, { id: pool_id, name: pool, environment }: Schemas['AgentPool'], more: Partial<Agent>): Agent {
  return {
    id: idOf('agent', name), pool_id, pool, environment, state: 'active', state_reason: null, state_by: idOf('principal', 'owner'), state_at: at(-80 * MINUTE_MS), enrolled_at: at(-80 * MINUTE_MS),
    certificate_expires_at: at(48 * MINUTE_MS), agent_version: '0.3.0', protocol: 1, platform: 'linux-x64', presence: presenceOf({}), alarms: [], ...more,
  };
}

function presenceOf(more: Partial<Presence>): Presence {
  return {
    seen_at: at(-3_000), is_lost: false, capacity: 8, free: 5, under_way: 3, draining: false, labels: { site: 'fra1' }, policy: policyOf({}),
    connections: [{ name: 'servicenow-onprem', connector: 'servicenow', package_digest: digestOf('servicenow code') }], spool: { state: 'open', waiting: 0, bytes: 4_096, limit_bytes: 268_435_456 },
    clock_offset_ms: 140, memory_bytes: 84_000_000, ...more,
  };
}

function policyOf(more: Partial<NonNullable<Presence['policy']>>): Presence['policy'] {
  return { state: 'fresh', seq: 14, served_seq: 14, expires_at: at(12 * MINUTE_MS), ...more };
}
