import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AgentRow } from './repository-agents-shown.ts';

type Agent = components['schemas']['Agent'];
type AgentPresence = components['schemas']['AgentPresence'];

/** An agent as people and programs see it. */
export function agentView(row: AgentRow): Agent {
  const { id, pool_id, pool, environment, state, state_reason, state_by, agent_version, protocol, platform, alarms } = row;
  return {
    id, pool_id, pool, environment, state, state_reason, state_by, state_at: row.state_at.toISOString(), enrolled_at: row.enrolled_at.toISOString(),
    certificate_expires_at: row.certificate_expires_at.toISOString(), agent_version, protocol, platform, presence: presenceOf(row),
    alarms: alarms.map((alarm) => ({ ...alarm, raised_at: new Date(alarm.raised_at).toISOString(), last_at: new Date(alarm.last_at).toISOString() })),
  };
}

function presenceOf(row: AgentRow): AgentPresence | null {
  const { seen_at, is_lost, capacity, free, under_way, draining, labels, connections, spool, clock_offset_ms, memory_bytes } = row;
  // They are of one row: where one is there all are.
  if (seen_at === null || is_lost === null || capacity === null || free === null || under_way === null || draining === null || labels === null) return null;
  if (connections === null || spool === null || clock_offset_ms === null || memory_bytes === null) return null;
  return {
    seen_at: seen_at.toISOString(), is_lost, capacity, free, under_way, draining, labels, policy: policyOf(row), connections: connections.map((connection) => ({ ...connection })),
    spool: { state: spool.state, waiting: Math.max(0, spool.seq - Math.max(spool.delivered_seq, row.held_seq ?? 0)), bytes: spool.bytes, limit_bytes: spool.limit_bytes },
    clock_offset_ms, memory_bytes,
  };
}

function policyOf({ policy, environment_id, served_seq }: AgentRow): AgentPresence['policy'] {
  const held = policy?.find(({ scope }) => scope === environment_id);
  return held === undefined ? null : { state: held.state, seq: held.seq, served_seq, expires_at: held.expires_at };
}
