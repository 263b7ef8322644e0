import { MAX_QUEUES } from './fair-shares.ts';
import type { FairState } from './fair-shares.ts';

/** What the partial index `steps_claimable` holds: written like its predicate, or PostgreSQL does not know it again. */
export const CLAIMABLE = `s.state IN ('ready', 'retrying', 'uncertain') AND NOT s.held`;

const QUEUE = 's.tenant_id, s.workspace_id, s.priority';

/**
 * Named steps of a statement: which queues there are, how much waits in each, and how much of `$1` each is given, as `share`.
 * `$2`..`$11` are `fairValues`. Nothing in it grows with what waits: each queue is one look into the index, and at most `$1` of each is counted.
 */
export const sharesSteps = `
    -- the index is skipped through, from one queue to the next
    queue AS (
      (SELECT ${QUEUE} FROM execution.steps s WHERE ${CLAIMABLE} AND (${QUEUE}) > ($2::text, $3::text, $4::smallint) ORDER BY ${QUEUE} LIMIT 1)
      UNION ALL
      SELECT next.* FROM queue q CROSS JOIN LATERAL (
        SELECT ${QUEUE} FROM execution.steps s WHERE ${CLAIMABLE} AND (${QUEUE}) > (q.tenant_id, q.workspace_id, q.priority) ORDER BY ${QUEUE} LIMIT 1) next
    ), looked_at AS (
      SELECT * FROM queue LIMIT ${MAX_QUEUES}
    ), waiting AS (
      SELECT q.*, w.steps FROM looked_at q CROSS JOIN LATERAL (
        SELECT count(*) AS steps FROM (
          SELECT FROM execution.steps s
           WHERE ${CLAIMABLE} AND (s.tenant_id, s.workspace_id, s.priority) = (q.tenant_id, q.workspace_id, q.priority) AND s.available_at <= (SELECT clock_timestamp())
           LIMIT $1) first) w
       WHERE w.steps > 0
    ), in_workspace AS (
      -- within a workspace by priority
      SELECT q.tenant_id, q.workspace_id, q.priority, row_number() OVER (PARTITION BY q.tenant_id, q.workspace_id ORDER BY q.priority, nth) AS place
        FROM waiting q CROSS JOIN LATERAL generate_series(1, q.steps) nth
    ), in_tenant AS (
      SELECT i.*, w.weight AS workspace_weight, row_number() OVER (
               PARTITION BY i.tenant_id ORDER BY greatest(coalesce(known.tag, 0), coalesce(present.now, 0)) + (i.place - 1) / w.weight::float8, i.workspace_id) AS tenant_place
        FROM in_workspace i
        JOIN control.workspaces w ON w.tenant_id = i.tenant_id AND w.id = i.workspace_id
        LEFT JOIN unnest($8::text[], $9::float8[]) AS known(id, tag) ON known.id = i.workspace_id
        LEFT JOIN unnest($10::text[], $11::float8[]) AS present(id, now) ON present.id = i.tenant_id
       WHERE i.place <= $1
    ), turn AS (
      SELECT i.*, t.weight AS tenant_weight
        FROM in_tenant i
        JOIN control.tenants t ON t.tenant_id = i.tenant_id
        LEFT JOIN unnest($6::text[], $7::float8[]) AS known(id, tag) ON known.id = i.tenant_id
       WHERE i.tenant_place <= $1
       ORDER BY greatest(coalesce(known.tag, 0), $5::float8) + (i.tenant_place - 1) / t.weight::float8, i.tenant_place, i.tenant_id
       LIMIT $1
    ), share AS (
      SELECT tenant_id, workspace_id, priority, tenant_weight, workspace_weight, count(*) AS steps FROM turn GROUP BY 1, 2, 3, 4, 5
    )`;

/** `$2`..`$11` of `sharesSteps`. */
export function fairValues({ from, virtualTime, tenants, workspaces }: FairState): unknown[] {
  return [
    from.tenant_id, from.workspace_id, from.priority, virtualTime, [...tenants.keys()], [...tenants.values()],
    [...workspaces.tags.keys()], [...workspaces.tags.values()], [...workspaces.virtualTimes.keys()], [...workspaces.virtualTimes.values()],
  ];
}
