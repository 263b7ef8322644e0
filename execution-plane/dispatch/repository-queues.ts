import { MAX_QUEUES } from './fair-shares.ts';
import type { FairState } from './fair-shares.ts';

/**
 * For the sessions that claim: every look goes by an index that has its order, whatever the planner believes of tables of which it has no
 * statistics yet. Without, a cell's first minutes cost it a walk through all steps of a tenant for each claim.
 */
export const CLAIM_SETTINGS = { enable_sort: 'off', enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off', plan_cache_mode: 'force_generic_plan' } as const;

/** What the partial index `steps_claimable` holds: written like its predicate, or PostgreSQL does not know it again. */
export const CLAIMABLE = `s.state IN ('ready', 'retrying', 'uncertain') AND NOT s.held`;

/** The first queue under a condition: one look into the index. */
const firstQueue = (condition: string): string => `
        (SELECT s.tenant_id, s.workspace_id FROM execution.steps s WHERE ${CLAIMABLE} AND ${condition} ORDER BY s.tenant_id, s.workspace_id LIMIT 1)`;

/** The one behind `q`: of the same tenant, else of the next. Apart, because a comparison of rows would read all of the tenant's queue to skip it. */
const nextQueue = (q: string): string => `
      SELECT next.* FROM (${firstQueue(`s.tenant_id = ${q}.tenant_id AND s.workspace_id > ${q}.workspace_id`)}
        UNION ALL ${firstQueue(`s.tenant_id > ${q}.tenant_id`)}) next ORDER BY next.tenant_id, next.workspace_id LIMIT 1`;

/**
 * Named steps of a statement: which workspaces have a queue, how much waits there at each priority, and how much of `$1` each is given, as
 * `share`. `$2`..`$10` are `fairValues`. Nothing in it grows with what waits: each queue is a look into the index, and at most `$1` of each
 * is counted. What is ordered is ordered as the index is: see CLAIM_SETTINGS.
 */
export const sharesSteps = `
    queue AS (
      SELECT first.* FROM (SELECT $2::text AS tenant_id, $3::text AS workspace_id) q CROSS JOIN LATERAL (${nextQueue('q')}) first
      UNION ALL
      SELECT next.* FROM queue q CROSS JOIN LATERAL (${nextQueue('q')}) next
    ), looked_at AS (
      SELECT * FROM queue LIMIT ${MAX_QUEUES}
    ), waiting AS (
      SELECT q.*, p.priority, w.steps FROM looked_at q CROSS JOIN (VALUES (1::smallint), (2::smallint), (3::smallint)) p(priority) CROSS JOIN LATERAL (
        SELECT count(*) AS steps FROM (
          SELECT FROM execution.steps s
           WHERE ${CLAIMABLE} AND (s.tenant_id, s.workspace_id, s.priority) = (q.tenant_id, q.workspace_id, p.priority) AND s.available_at <= (SELECT clock_timestamp())
           ORDER BY s.available_at, s.id
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
        LEFT JOIN unnest($7::text[], $8::float8[]) AS known(id, tag) ON known.id = i.workspace_id
        LEFT JOIN unnest($9::text[], $10::float8[]) AS present(id, now) ON present.id = i.tenant_id
       WHERE i.place <= $1
    ), turn AS (
      SELECT i.*, t.weight AS tenant_weight
        FROM in_tenant i
        JOIN control.tenants t ON t.tenant_id = i.tenant_id
        LEFT JOIN unnest($5::text[], $6::float8[]) AS known(id, tag) ON known.id = i.tenant_id
       WHERE i.tenant_place <= $1
       ORDER BY greatest(coalesce(known.tag, 0), $4::float8) + (i.tenant_place - 1) / t.weight::float8, i.tenant_place, i.tenant_id
       LIMIT $1
    ), share AS (
      SELECT tenant_id, workspace_id, priority, tenant_weight, workspace_weight, count(*) AS steps FROM turn GROUP BY 1, 2, 3, 4, 5
    )`;

/** `$2`..`$10` of `sharesSteps`. */
export function fairValues({ from, virtualTime, tenants, workspaces }: FairState): unknown[] {
  return [
    from.tenant_id, from.workspace_id, virtualTime, [...tenants.keys()], [...tenants.values()],
    [...workspaces.tags.keys()], [...workspaces.tags.values()], [...workspaces.virtualTimes.keys()], [...workspaces.virtualTimes.values()],
  ];
}
