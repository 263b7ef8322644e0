import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ReplayReport } from '../repository-replays.ts';

export type GroupRow = ReplayReport['groups'][number];

/** The most frequent first. */
export const changedGroups: Statement = {
  name: 'replays.changed_groups',
  text: `
    SELECT action, workflow, to_rule AS rule, from_outcome AS "from", to_outcome AS "to", count(*)::int AS count, count(DISTINCT run_id)::int AS runs,
           (array_agg(decision_id ORDER BY decision_id DESC))[1:5] AS examples
      FROM control.policy_replay_changes
     WHERE tenant_id = $1 AND replay_id = $2 AND from_outcome <> to_outcome
     GROUP BY 1, 2, 3, 4, 5 ORDER BY count DESC, action, workflow, rule, "from", "to" LIMIT 500`,
};

export interface RunsRow {
  readonly newly_denied_runs: number;
  readonly newly_denied_runs_cost_usd: string;
  readonly no_longer_denied_runs: number;
}

/** A run that was denied something anyway is not newly denied; one that would still be denied something is not freed. */
export const changedRuns: Statement = {
  name: 'replays.changed_runs',
  text: `
    WITH changes AS (
      SELECT decision_id, run_id, from_outcome, to_outcome FROM control.policy_replay_changes
       WHERE tenant_id = $1 AND replay_id = $2 AND from_outcome <> to_outcome AND 'DENY' IN (from_outcome, to_outcome)),
    -- denials as recorded, of the runs in question and in the period
    denials AS (
      SELECT d.id, d.run_id FROM execution.decisions d
       WHERE d.tenant_id = $1 AND d.run_id IN (SELECT run_id FROM changes) AND d.outcome = 'DENY' AND d.decided_at >= $3 AND d.decided_at < $4),
    newly AS (
      SELECT DISTINCT run_id FROM changes WHERE to_outcome = 'DENY' AND run_id NOT IN (SELECT run_id FROM denials)),
    no_longer AS (
      SELECT run_id FROM changes WHERE from_outcome = 'DENY'
      EXCEPT SELECT run_id FROM denials WHERE id NOT IN (SELECT decision_id FROM changes WHERE from_outcome = 'DENY')
      EXCEPT SELECT run_id FROM changes WHERE to_outcome = 'DENY')
    SELECT (SELECT count(*)::int FROM newly) AS newly_denied_runs, (SELECT count(*)::int FROM no_longer) AS no_longer_denied_runs,
           (SELECT coalesce(sum(r.cost_usd), 0)::numeric(18, 9)::text FROM execution.runs r JOIN newly n ON r.tenant_id = $1 AND r.id = n.run_id) AS newly_denied_runs_cost_usd`,
};

export interface AskedRow {
  readonly tier: string | null;
  readonly extra_approvals: number;
  readonly extra_votes: number;
  readonly approvals_less: number;
  readonly votes_less: number;
}

/** By action, because one that comes back with its approval in hand is asked about once. Extra votes are of the tier that asks for them. */
export const askedByTier: Statement = {
  name: 'replays.asked_by_tier',
  text: `
    WITH actions AS (
      SELECT max(from_votes) AS before, max(to_votes) AS after,
             (array_agg(from_tier ORDER BY from_votes DESC))[1] AS tier_before, (array_agg(to_tier ORDER BY to_votes DESC))[1] AS tier_after
        FROM control.policy_replay_changes WHERE tenant_id = $1 AND replay_id = $2 GROUP BY run_id, action_digest)
    SELECT CASE WHEN after > before THEN tier_after ELSE tier_before END AS tier,
           count(*) FILTER (WHERE before = 0)::int AS extra_approvals, coalesce(sum(after - before) FILTER (WHERE after > before), 0)::int AS extra_votes,
           count(*) FILTER (WHERE after = 0)::int AS approvals_less, coalesce(sum(before - after) FILTER (WHERE after < before), 0)::int AS votes_less
      FROM actions WHERE before <> after GROUP BY 1`,
};

export interface DecisionTimeRow {
  /** null over all tiers. */
  readonly tier: string | null;
  readonly median_ms: number;
  readonly votes: number;
}

/** How long people have taken, of all votes that the tenant has. */
export const decisionTimes: Statement = {
  name: 'replays.decision_times',
  text: `
    SELECT a.tier, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM v.voted_at - a.requested_at)) * 1000)::float8 AS median_ms, count(*)::int AS votes
      FROM control.approval_votes v JOIN control.approvals a ON (a.tenant_id, a.id) = (v.tenant_id, v.approval_id)
     WHERE v.tenant_id = $1 GROUP BY GROUPING SETS ((a.tier), ()) HAVING count(*) > 0 ORDER BY a.tier NULLS LAST`,
};
