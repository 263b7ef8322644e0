import type { Statement } from '@countersign/platform/postgres/database.ts';

/** Times go out as milliseconds from now: only the database's clock decides. */
const VIEW = `
  circuit, failures > 0 AS failing, last_failure_code,
  CASE WHEN circuit = 'closed' THEN 0 ELSE GREATEST(0, EXTRACT(EPOCH FROM GREATEST(probe_at, probe_until) - clock_timestamp()) * 1000) END::float8 AS probe_in_ms,
  GREATEST(0, COALESCE(EXTRACT(EPOCH FROM blocked_until - clock_timestamp()) * 1000, 0))::float8 AS blocked_for_ms,
  window_limit, window_count, window_source, (EXTRACT(EPOCH FROM window_ends_at - clock_timestamp()) * 1000)::float8 AS window_ends_in_ms`;

export interface HealthRow {
  circuit: 'closed' | 'open' | 'half_open';
  failing: boolean;
  last_failure_code: string | null;
  probe_in_ms: number;
  blocked_for_ms: number;
  window_limit: number | null;
  window_count: number;
  window_source: 'manifest' | 'peer' | null;
  window_ends_in_ms: number | null;
}

/** Failures in a row, this one included. */
const FAILURES = `CASE WHEN h.last_failure_at > clock_timestamp() - make_interval(secs => $5::float8 / 1000) THEN h.failures + 1 ELSE 1 END`;
const OPENS = `(h.circuit = 'half_open' OR (h.circuit = 'closed' AND ${FAILURES} >= $4::int))`;
/** Resets are told in whole seconds, so the same window's end wobbles. */
const SAME_WINDOW = `(h.window_source = 'peer' AND h.window_ends_at BETWEEN excluded.window_ends_at - interval '5 seconds' AND excluded.window_ends_at + interval '5 seconds')`;

/** For an instance that nobody counts for: no write. $1 tenant, $2 instance */
export const readHealth: Statement = {
  name: 'health.read',
  text: `SELECT ${VIEW} FROM execution.instance_health WHERE tenant_id = $1 AND instance_id = $2`,
};

/** Adds to the window that runs, or opens the manifest's where none does. $1 tenant, $2 instance, $3 used, $4 the manifest's limit or null */
export const countRequests: Statement = {
  name: 'health.count',
  text: `
    INSERT INTO execution.instance_health AS h (tenant_id, instance_id, window_limit, window_count, window_ends_at, window_source)
    VALUES ($1, $2, $4::int, $3::int, CASE WHEN $4::int IS NULL THEN NULL ELSE clock_timestamp() + interval '1 minute' END, CASE WHEN $4::int IS NULL THEN NULL ELSE 'manifest' END)
    ON CONFLICT (tenant_id, instance_id) DO UPDATE SET
      window_count = CASE WHEN h.window_ends_at > clock_timestamp() THEN h.window_count + $3::int ELSE $3::int END,
      window_limit = CASE WHEN h.window_ends_at > clock_timestamp() THEN h.window_limit ELSE excluded.window_limit END,
      window_source = CASE WHEN h.window_ends_at > clock_timestamp() THEN h.window_source ELSE excluded.window_source END,
      window_ends_at = CASE WHEN h.window_ends_at > clock_timestamp() THEN h.window_ends_at ELSE excluded.window_ends_at END
    RETURNING ${VIEW}`,
};

/**
 * One more failure; opens the circuit when it was one too many, or when the one call that tried has failed. One statement, so that no
 * round trip happens under the row's lock; `previous_circuit` tells the one caller whose failure it was.
 * $1 tenant, $2 instance, $3 code, $4 failures that open, $5 failure window ms, $6 open ms, $7 longest open ms
 */
export const recordFailure: Statement = {
  name: 'health.failed',
  text: `
    INSERT INTO execution.instance_health AS h (tenant_id, instance_id, failures, last_failure_at, last_failure_code, circuit, openings, opened_at, probe_at)
    VALUES ($1, $2, 1, clock_timestamp(), $3, CASE WHEN 1 >= $4::int THEN 'open' ELSE 'closed' END, CASE WHEN 1 >= $4::int THEN 1 ELSE 0 END,
            CASE WHEN 1 >= $4::int THEN clock_timestamp() END, CASE WHEN 1 >= $4::int THEN clock_timestamp() + make_interval(secs => $6::float8 / 1000) END)
    ON CONFLICT (tenant_id, instance_id) DO UPDATE SET
      previous_circuit = h.circuit,
      failures = ${FAILURES}, last_failure_at = clock_timestamp(), last_failure_code = $3, changed_at = clock_timestamp(),
      circuit = CASE WHEN ${OPENS} THEN 'open' ELSE h.circuit END,
      openings = CASE WHEN ${OPENS} THEN h.openings + 1 ELSE h.openings END,
      opened_at = CASE WHEN ${OPENS} THEN clock_timestamp() ELSE h.opened_at END,
      probe_at = CASE WHEN ${OPENS} THEN clock_timestamp() + make_interval(secs => LEAST($6::float8 * 2 ^ LEAST(h.openings, 20), $7::float8) / 1000) ELSE h.probe_at END,
      probe_until = CASE WHEN ${OPENS} THEN NULL ELSE h.probe_until END
    RETURNING previous_circuit AS "from", circuit AS "to"`,
};

/** The peer answered. $1 tenant, $2 instance */
export const recordSuccess: Statement = {
  name: 'health.succeeded',
  text: `
    UPDATE execution.instance_health AS h SET previous_circuit = h.circuit, circuit = 'closed', failures = 0, openings = 0, probe_until = NULL, changed_at = clock_timestamp()
     WHERE tenant_id = $1 AND instance_id = $2
    RETURNING previous_circuit AS "from", circuit AS "to"`,
};

/** The row's lock lets exactly one through. $1 tenant, $2 instance, $3 probe ms */
export const takeProbe: Statement = {
  name: 'health.take_probe',
  text: `
    UPDATE execution.instance_health SET circuit = 'half_open', probe_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000), changed_at = clock_timestamp()
     WHERE tenant_id = $1 AND instance_id = $2 AND circuit <> 'closed' AND probe_at <= clock_timestamp() AND (probe_until IS NULL OR probe_until <= clock_timestamp())`,
};

/** $1 tenant, $2 instance, $3 for ms */
export const recordBlocked: Statement = {
  name: 'health.blocked',
  text: `
    INSERT INTO execution.instance_health AS h (tenant_id, instance_id, blocked_until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
    ON CONFLICT (tenant_id, instance_id) DO UPDATE SET blocked_until = GREATEST(h.blocked_until, excluded.blocked_until), changed_at = clock_timestamp()`,
};

/** $1 tenant, $2 instance, $3 limit, $4 remaining or null, $5 resets in ms */
export const recordLearnt: Statement = {
  name: 'health.learnt',
  text: `
    INSERT INTO execution.instance_health AS h (tenant_id, instance_id, window_limit, window_count, window_ends_at, window_source)
    VALUES ($1, $2, $3::int, COALESCE($3::int - $4::int, 0), clock_timestamp() + make_interval(secs => $5::float8 / 1000), 'peer')
    ON CONFLICT (tenant_id, instance_id) DO UPDATE SET
      window_count = CASE WHEN ${SAME_WINDOW} THEN GREATEST(h.window_count, excluded.window_count) ELSE excluded.window_count END,
      window_limit = excluded.window_limit, window_ends_at = excluded.window_ends_at, window_source = 'peer', changed_at = clock_timestamp()`,
};

export const readInstanceWorkspace: Statement = {
  name: 'health.instance_workspace',
  text: 'SELECT workspace_id, name FROM control.connector_instances WHERE tenant_id = $1 AND id = $2',
};
