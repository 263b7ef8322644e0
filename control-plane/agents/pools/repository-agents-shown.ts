import type { PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { AgentState } from '@countersign/contracts/states/transitions.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { AlarmKind } from '../session/repository-alarms.ts';

export interface AgentRow {
  readonly id: string;
  readonly pool_id: string;
  readonly pool: string;
  readonly environment: string;
  readonly environment_id: string;
  readonly state: AgentState;
  readonly state_reason: string | null;
  readonly state_by: string;
  readonly state_at: Date;
  readonly enrolled_at: Date;
  readonly certificate_expires_at: Date;
  readonly agent_version: string;
  readonly protocol: number;
  readonly platform: string;
  /** Null, as all that follows but `alarms`: nothing was heard of it yet. */
  readonly seen_at: Date | null;
  readonly is_lost: boolean | null;
  readonly capacity: number | null;
  readonly free: number | null;
  readonly under_way: number | null;
  readonly draining: boolean | null;
  readonly labels: PollRequest['labels'] | null;
  readonly policy: PollRequest['policy'] | null;
  readonly connections: PollRequest['connections'] | null;
  readonly spool: PollRequest['spool'] | null;
  readonly clock_offset_ms: number | null;
  readonly memory_bytes: number | null;
  /** Of the bundle that is served in its environment. */
  readonly served_seq: number | null;
  /** Up to where the cell holds what it has to tell; null before its first delivery. */
  readonly held_seq: number | null;
  readonly alarms: ReadonlyArray<{ readonly kind: AlarmKind; readonly code: string; readonly count: number; readonly raised_at: string; readonly last_at: string }>;
}

/** Of the workspace `$2`; of the pool `$3`, or the agent `$4` alone, where they are named. `$5`: those that are revoked, too. `$6`: in seconds, after which an agent is lost. */
export const listAgents: Statement = {
  name: 'agents.list',
  text: `
    SELECT a.id, a.pool_id, o.name AS pool, e.name AS environment, e.id AS environment_id, a.state, a.state_reason, a.state_by, a.state_at, a.enrolled_at, a.certificate_expires_at,
           a.agent_version, a.protocol, a.platform,
           p.seen_at, p.seen_at < clock_timestamp() - make_interval(secs => $6) AS is_lost, p.capacity, p.free, p.under_way, p.draining, p.labels, p.policy, p.connections, p.spool,
           p.clock_offset_ms::float8 AS clock_offset_ms, p.memory_bytes::float8 AS memory_bytes,
           (SELECT max(b.seq)::float8 FROM control.policy_bundles b WHERE b.tenant_id = a.tenant_id AND b.scope = o.environment_id) AS served_seq,
           (SELECT s.seq::float8 FROM control.agent_spools s WHERE (s.tenant_id, s.agent_id) = (a.tenant_id, a.id)) AS held_seq,
           -- What a person has not looked at by now is in the audit.
           coalesce((SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'code', m.code, 'count', m.count, 'raised_at', m.raised_at, 'last_at', m.last_at) ORDER BY m.last_at DESC)
                       FROM control.agent_alarms m
                      WHERE (m.tenant_id, m.agent_id) = (a.tenant_id, a.id) AND m.cleared_at IS NULL AND m.last_at > clock_timestamp() - interval '1 day'), '[]') AS alarms
      FROM control.agents a
      JOIN control.agent_pools o ON (o.tenant_id, o.id) = (a.tenant_id, a.pool_id)
      JOIN control.environments e ON (e.tenant_id, e.id) = (o.tenant_id, o.environment_id)
      LEFT JOIN control.agent_presence p ON (p.tenant_id, p.agent_id) = (a.tenant_id, a.id)
     WHERE a.tenant_id = $1 AND o.workspace_id = $2 AND ($3::text IS NULL OR o.id = $3) AND ($4::text IS NULL OR a.id = $4) AND ($5 OR a.state <> 'revoked')
     ORDER BY e.ordinal, o.name, a.enrolled_at DESC, a.id LIMIT 1000`,
};
