import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface TenantFigures {
  readonly queued_runs: number;
  readonly open_runs: number;
  readonly paused_runs: number;
  readonly ready_steps: number;
  readonly retrying_steps: number;
  readonly uncertain_steps: number;
  readonly leased_steps: number;
  readonly waiting_steps: number;
  readonly held_runs: number;
  readonly oldest_ready_s: number;
  readonly dead_steps: number;
  readonly broken_glass: number;
  readonly pending_approvals: number;
  readonly oldest_approval_s: number;
  readonly accepted_deliveries: number;
  readonly outbox_rows: number;
  readonly oldest_outbox_s: number;
  readonly unsealed_events: number;
  readonly active_agents: number;
  readonly draining_agents: number;
  readonly lost_agents: number;
}

/** Of one tenant: all open runs, and at most `$2` of each other kind, every one in an index that holds nothing else. */
export const tenantFigures: Statement = {
  name: 'telemetry.tenant_figures',
  text: `
    WITH runs AS (SELECT state FROM execution.runs WHERE tenant_id = $1 AND workflow_id <> 'system' AND state NOT IN ('succeeded', 'failed', 'cancelled')),
    steps AS (
      (SELECT state, held, available_at FROM execution.steps WHERE tenant_id = $1 AND state IN ('ready', 'retrying', 'uncertain') AND NOT held AND available_at < 'infinity' LIMIT $2)
      UNION ALL (SELECT state, held, NULL FROM execution.steps WHERE tenant_id = $1 AND state = 'leased' LIMIT $2)
      UNION ALL (SELECT state, held, NULL FROM execution.steps WHERE tenant_id = $1 AND state = 'waiting' LIMIT $2)),
    approvals AS (SELECT requested_at FROM control.approvals WHERE tenant_id = $1 AND state = 'pending' LIMIT $2),
    outbox AS (SELECT due_at FROM execution.outbox WHERE tenant_id = $1 AND due_at <= clock_timestamp() LIMIT $2)
    SELECT (SELECT count(*) FILTER (WHERE state = 'queued') FROM runs)::int AS queued_runs,
           (SELECT count(*) FROM runs)::int AS open_runs,
           (SELECT count(*) FROM (SELECT FROM execution.runs WHERE tenant_id = $1 AND paused_at IS NOT NULL AND state NOT IN ('succeeded', 'failed', 'cancelled') LIMIT $2) p)::int AS paused_runs,
           s.*, a.*,
           (SELECT count(*) FROM (SELECT FROM execution.runs WHERE tenant_id = $1 AND admitted_at IS NULL AND state IN ('queued', 'running', 'waiting') LIMIT $2) h)::int AS held_runs,
           (SELECT count(*) FROM (SELECT FROM execution.steps WHERE tenant_id = $1 AND state = 'dead' LIMIT $2) d)::int AS dead_steps,
           (SELECT count(*) FROM control.break_glass_grants WHERE tenant_id = $1 AND ended_at IS NULL AND ends_at > clock_timestamp())::int AS broken_glass,
           (SELECT count(*) FROM approvals)::int AS pending_approvals,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - min(requested_at)) FROM approvals), 0)::float8 AS oldest_approval_s,
           (SELECT count(*) FROM (SELECT FROM execution.deliveries WHERE tenant_id = $1 AND state = 'accepted' LIMIT $2) d)::int AS accepted_deliveries,
           (SELECT count(*) FROM outbox)::int AS outbox_rows,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - min(due_at)) FROM outbox), 0)::float8 AS oldest_outbox_s,
           (SELECT count(*) FROM (SELECT unnest(event_ids) FROM audit.pending WHERE tenant_id = $1 LIMIT $2) e)::int AS unsealed_events
      FROM (SELECT count(*) FILTER (WHERE state = 'ready')::int AS ready_steps, count(*) FILTER (WHERE state = 'retrying')::int AS retrying_steps,
                   count(*) FILTER (WHERE state = 'uncertain')::int AS uncertain_steps, count(*) FILTER (WHERE state = 'leased')::int AS leased_steps,
                   count(*) FILTER (WHERE state = 'waiting')::int AS waiting_steps,
                   greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(available_at)), 0))::float8 AS oldest_ready_s FROM steps) s,
           (SELECT count(*) FILTER (WHERE a.state = 'active')::int AS active_agents, count(*) FILTER (WHERE a.state = 'draining')::int AS draining_agents,
                   count(*) FILTER (WHERE p.lost_at IS NOT NULL)::int AS lost_agents
              FROM control.agents a LEFT JOIN control.agent_presence p ON (p.tenant_id, p.agent_id) = (a.tenant_id, a.id) WHERE a.tenant_id = $1 AND a.state <> 'revoked') a`,
};

export interface TenantRow {
  readonly tenant_id: string;
  readonly slug: string;
}

/** The oldest first: who has a label of its own keeps it. */
export const tenantsByAge: Statement = { name: 'telemetry.tenants', text: 'SELECT tenant_id, slug FROM control.tenant_directory ORDER BY created_at, tenant_id' };

export interface WorkersRow {
  readonly alive: number;
  readonly draining: number;
  readonly queue_messages: number | null;
  readonly queue_dead_letters: number | null;
}

/** What workers say with their heartbeat; of the queue, what the last of them was told. */
export const workersNow: Statement = {
  name: 'telemetry.workers',
  text: `
    WITH alive AS (SELECT draining_since, wake, heartbeat_at FROM execution.workers WHERE heartbeat_at > clock_timestamp() - interval '1 minute')
    SELECT count(*)::int AS alive, count(draining_since)::int AS draining,
           (SELECT (wake->>'visible')::int FROM alive WHERE wake->>'kind' = 'sqs' ORDER BY heartbeat_at DESC LIMIT 1) AS queue_messages,
           (SELECT (wake->>'dead_letters')::int FROM alive WHERE wake->>'kind' = 'sqs' ORDER BY heartbeat_at DESC LIMIT 1) AS queue_dead_letters
      FROM alive`,
};
