import type { Statement } from '@countersign/platform/postgres/database.ts';

/** Runs that workers keep for work of their own, one per instance: nobody waits for them. Their step is available at infinity. */
const SYSTEM = `'system'`;
const OPEN = `state NOT IN ('succeeded', 'failed', 'cancelled')`;

export interface RunDepthRow {
  readonly environment: string;
  readonly workflow_name: string;
  readonly state: 'queued' | 'running' | 'waiting' | 'cancelling';
  readonly count: number;
}

/** Counted in the index `runs_open` alone. */
export const runDepth: Statement = {
  name: 'operations.run_depth',
  text: `
    SELECT e.name AS environment, d.workflow_name, d.state, d.count
      FROM (SELECT environment_id, workflow_name, state, count(*)::int AS count FROM execution.runs
             WHERE tenant_id = $1 AND workspace_id = $2 AND ${OPEN} AND workflow_id <> ${SYSTEM} GROUP BY environment_id, workflow_name, state) d
      JOIN control.environments e ON (e.tenant_id, e.id) = ($1, d.environment_id)`,
};

export interface CountRow {
  readonly environment: string;
  readonly workflow_name: string;
  readonly count: number;
}

export const pausedRuns: Statement = {
  name: 'operations.paused_runs',
  text: `
    SELECT e.name AS environment, r.workflow_name, count(*)::int AS count
      FROM execution.runs r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.paused_at IS NOT NULL AND r.${OPEN}
     GROUP BY e.name, r.workflow_name`,
};

export interface StepDepthRow {
  readonly environment: string;
  readonly workflow_name: string;
  readonly state: 'ready' | 'retrying' | 'uncertain' | 'leased' | 'waiting' | 'held';
  readonly count: number;
  /** How long the longest has been there for any worker to claim; null where none is. */
  readonly oldest_ready_ms: number | null;
}

/** Each kind's steps up to `$3`, as claims find them: by priority, and those that wait longest first. */
export const stepDepth: Statement = {
  name: 'operations.step_depth',
  text: `
    WITH claimable AS (
      SELECT run_id, state, available_at FROM execution.steps
       WHERE tenant_id = $1 AND workspace_id = $2 AND state IN ('ready', 'retrying', 'uncertain') AND NOT held AND available_at < 'infinity' ORDER BY priority, available_at, id LIMIT $3),
    leased AS (
      SELECT run_id, state, NULL::timestamptz AS available_at FROM execution.steps WHERE tenant_id = $1 AND workspace_id = $2 AND state = 'leased' LIMIT $3),
    waiting AS (
      SELECT run_id, state, NULL::timestamptz AS available_at FROM execution.steps WHERE tenant_id = $1 AND workspace_id = $2 AND state = 'waiting' LIMIT $3),
    held AS (
      SELECT s.run_id, 'held' AS state, NULL::timestamptz AS available_at
        FROM (SELECT id FROM execution.runs WHERE tenant_id = $1 AND workspace_id = $2 AND admitted_at IS NULL AND state IN ('queued', 'running', 'waiting') LIMIT $3) h
        JOIN execution.steps s ON s.tenant_id = $1 AND s.run_id = h.id AND s.held AND s.state IN ('ready', 'retrying', 'uncertain'))
    SELECT e.name AS environment, r.workflow_name, s.state, count(*)::int AS count,
           -- nobody may claim a step of a paused run: it is not late
           (extract(epoch FROM clock_timestamp() - min(s.available_at) FILTER (WHERE s.available_at <= clock_timestamp() AND r.paused_at IS NULL)) * 1000)::float8 AS oldest_ready_ms
      FROM (SELECT * FROM claimable UNION ALL SELECT * FROM leased UNION ALL SELECT * FROM waiting UNION ALL SELECT * FROM held) s
      JOIN execution.runs r ON (r.tenant_id, r.id) = ($1, s.run_id)
      JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.workflow_id <> ${SYSTEM}
     GROUP BY e.name, r.workflow_name, s.state`,
};

export interface DispatchRow {
  readonly outbox_rows: number;
  readonly outbox_oldest_ms: number | null;
  /** What a worker last said of the queue; null where all of them hear of work by PostgreSQL. */
  readonly queue: { readonly asked_at: string | null; readonly visible: number | null; readonly in_flight: number | null; readonly dead_letters: number | null } | null;
}

export const dispatchNow: Statement = {
  name: 'operations.dispatch',
  text: `
    SELECT count(*)::int AS outbox_rows, (extract(epoch FROM clock_timestamp() - min(due_at)) * 1000)::float8 AS outbox_oldest_ms,
           (SELECT wake FROM execution.workers WHERE heartbeat_at > clock_timestamp() - interval '1 minute' AND wake->>'kind' = 'sqs' ORDER BY heartbeat_at DESC LIMIT 1) AS queue
      FROM (SELECT due_at FROM execution.outbox WHERE tenant_id = $1 AND due_at <= clock_timestamp() ORDER BY due_at LIMIT $2) o`,
};

export interface DeadLetterRow extends CountRow {
  readonly in_the_last_hour: number;
}

export const deadLetters: Statement = {
  name: 'operations.dead_letters',
  text: `
    SELECT e.name AS environment, r.workflow_name, count(*)::int AS count,
           (count(*) FILTER (WHERE s.finished_at > clock_timestamp() - interval '1 hour'))::int AS in_the_last_hour
      FROM (SELECT run_id, finished_at FROM execution.steps WHERE tenant_id = $1 AND state = 'dead' ORDER BY finished_at DESC LIMIT $3) s
      JOIN execution.runs r ON (r.tenant_id, r.id) = ($1, s.run_id)
      JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.workspace_id = $2
     GROUP BY e.name, r.workflow_name`,
};

/** Runs that wait for a person: a dead step, an effect of unknown outcome, an open approval. */
export const attention: Statement = {
  name: 'operations.attention',
  text: `
    SELECT e.name AS environment, r.workflow_name, count(*)::int AS count
      FROM (SELECT run_id FROM (SELECT run_id FROM execution.steps WHERE tenant_id = $1 AND state IN ('dead', 'uncertain') LIMIT $3) t
             UNION
            SELECT run_id FROM (SELECT run_id FROM control.approvals WHERE tenant_id = $1 AND workspace_id = $2 AND state = 'pending' LIMIT $3) a) p
      JOIN execution.runs r ON (r.tenant_id, r.id) = ($1, p.run_id)
      JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.workspace_id = $2
     GROUP BY e.name, r.workflow_name`,
};

export interface RateRow {
  readonly environment: string;
  readonly workflow_name: string;
  readonly claims: number;
  readonly retries: number;
}

export const rates: Statement = {
  name: 'operations.rates',
  text: `
    SELECT e.name AS environment, f.workflow_name, sum(f.steps_claimed)::int AS claims, sum(f.steps_retried)::int AS retries
      FROM execution.figures f JOIN control.environments e ON (e.tenant_id, e.id) = (f.tenant_id, f.environment_id)
     WHERE f.tenant_id = $1 AND e.workspace_id = $2 AND f.at > clock_timestamp() - $3::float8 * interval '1 millisecond'
     GROUP BY e.name, f.workflow_name HAVING sum(f.steps_claimed) > 0`,
};

export interface WorkerRow {
  readonly id: string;
  readonly version: string;
  readonly started_at: Date;
  readonly heartbeat_at: Date;
  readonly draining_since: Date | null;
  readonly in_flight: number;
}

/** Workers are the cell's; what they hold is counted for the tenant `$1` alone. */
export const liveWorkers: Statement = {
  name: 'operations.live_workers',
  text: `
    SELECT w.id, w.version, w.started_at, w.heartbeat_at, w.draining_since, coalesce(h.count, 0) AS in_flight
      FROM execution.workers w
      LEFT JOIN (SELECT lease_owner, count(*)::int AS count FROM execution.steps WHERE tenant_id = $1 AND state = 'leased' GROUP BY lease_owner) h ON h.lease_owner = w.id
     WHERE w.heartbeat_at > clock_timestamp() - interval '1 minute' ORDER BY w.started_at, w.id LIMIT 200`,
};

export interface FigureRow {
  /** Which point of the series, from 0. */
  readonly point: number;
  readonly environment: string;
  readonly workflow_name: string;
  readonly runs_started: number;
  readonly runs_succeeded: number;
  readonly runs_failed: number;
  readonly runs_cancelled: number;
  readonly steps_claimed: number;
  readonly steps_succeeded: number;
  readonly steps_failed: number;
  readonly steps_retried: number;
  readonly steps_dead: number;
}

/** `$3` when the series begins, `$4` milliseconds between its points, `$5` and `$6` the environment and the workflow, or null for all. */
const FIGURES = `
      FROM execution.figures f JOIN control.environments e ON (e.tenant_id, e.id) = (f.tenant_id, f.environment_id)
     WHERE f.tenant_id = $1 AND e.workspace_id = $2 AND f.at >= $3 AND ($5::text IS NULL OR e.name = $5) AND ($6::text IS NULL OR f.workflow_name = $6)`;
const POINT = `floor(extract(epoch FROM f.at - $3::timestamptz) * 1000 / $4::float8)::int AS point`;

export const figures: Statement = {
  name: 'operations.figures',
  text: `
    SELECT ${POINT}, e.name AS environment, f.workflow_name,
           sum(f.runs_started)::int AS runs_started, sum(f.runs_succeeded)::int AS runs_succeeded, sum(f.runs_failed)::int AS runs_failed, sum(f.runs_cancelled)::int AS runs_cancelled,
           sum(f.steps_claimed)::int AS steps_claimed, sum(f.steps_succeeded)::int AS steps_succeeded, sum(f.steps_failed)::int AS steps_failed,
           sum(f.steps_retried)::int AS steps_retried, sum(f.steps_dead)::int AS steps_dead
    ${FIGURES} GROUP BY 1, 2, 3`,
};

export interface DecisionCountRow {
  readonly point: number;
  readonly environment: string;
  readonly workflow_name: string;
  readonly outcome: string;
  readonly count: number;
}

export const decisionCounts: Statement = {
  name: 'operations.decision_counts',
  text: `
    SELECT c.point, c.environment, c.workflow_name, d.key AS outcome, sum(d.value::int)::int AS count
      FROM (SELECT ${POINT}, e.name AS environment, f.workflow_name, f.decisions ${FIGURES}) c, jsonb_each_text(c.decisions) d
     GROUP BY 1, 2, 3, 4`,
};

export interface LatencyRow {
  readonly point: number;
  readonly environment: string;
  readonly workflow_name: string;
  readonly measure: 'queue_wait' | 'step_duration' | 'run_duration';
  /** From 0. */
  readonly bucket: number;
  readonly count: number;
}

export const latencies: Statement = {
  name: 'operations.latencies',
  text: `
    SELECT c.point, c.environment, c.workflow_name, h.measure, (b.bucket - 1)::int AS bucket, sum(b.count)::int AS count
      FROM (SELECT ${POINT}, e.name AS environment, f.workflow_name, f.queue_wait, f.step_duration, f.run_duration ${FIGURES}) c,
           LATERAL (VALUES ('queue_wait', c.queue_wait), ('step_duration', c.step_duration), ('run_duration', c.run_duration)) h (measure, counts),
           LATERAL unnest(h.counts) WITH ORDINALITY AS b (count, bucket)
     WHERE b.count > 0
     GROUP BY 1, 2, 3, 4, 5`,
};
