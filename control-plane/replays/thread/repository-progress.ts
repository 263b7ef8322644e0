import type { Obligations, Outcome, Reason } from '@countersign/contracts/policy/decision.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { Counts } from './counts.ts';

/** What a claim gives: the replay as far as it has come. */
export interface ClaimedReplay {
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly bundle_key: string;
  readonly decided_from: Date;
  readonly decided_to: Date;
  readonly total: number | null;
  readonly done: number;
  readonly counts: Partial<Counts>;
  /** PostgreSQL's own text, to the microsecond. */
  readonly cursor_at: string | null;
  readonly cursor_id: string | null;
  readonly fence: string;
  readonly started_at: Date;
}

/** How long a claim holds without being renewed. */
const LEASE = `interval '30 seconds'`;
const MICROSECONDS = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** One that was left lying before one that waits, and none while another runs: `one_replay_at_a_time` sees to it, too. */
export const claimReplay: Statement = {
  name: 'replays.claim',
  text: `
    UPDATE control.policy_replays p
       SET state = 'running', started_at = coalesce(p.started_at, clock_timestamp()), fence = p.fence + 1, lease_until = clock_timestamp() + ${LEASE}
     WHERE p.tenant_id = $1 AND p.id = (
       SELECT c.id FROM control.policy_replays c
        WHERE c.tenant_id = $1
          AND (c.state = 'running' AND c.lease_until <= clock_timestamp()
               OR c.state = 'queued' AND NOT EXISTS (SELECT FROM control.policy_replays r WHERE r.tenant_id = $1 AND r.state = 'running'))
        ORDER BY c.state = 'running' DESC, c.requested_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING p.id, p.workspace_id, p.environment_id, p.bundle_key, p.decided_from, p.decided_to, p.total, p.done, p.counts, p.fence, p.started_at, p.cursor_id,
              to_char(p.cursor_at AT TIME ZONE 'UTC', ${MICROSECONDS}) AS cursor_at`,
};

/** Every write of whoever works on a replay carries the fence of its claim, and finds no row when the replay was cancelled or taken over. */
const HELD = `tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'`;

export const renewLease: Statement = {
  name: 'replays.renew_lease',
  text: `UPDATE control.policy_replays SET lease_until = clock_timestamp() + ${LEASE} WHERE ${HELD}`,
};

/** For the next process to go on at once. */
export const giveBack: Statement = {
  name: 'replays.give_back',
  text: `UPDATE control.policy_replays SET lease_until = clock_timestamp() WHERE ${HELD}`,
};

export const countDecisions: Statement = {
  name: 'replays.count_decisions',
  text: 'SELECT count(*)::int AS total FROM execution.decisions WHERE tenant_id = $1 AND environment_id = $2 AND decided_at >= $3 AND decided_at < $4',
};

export const setTotal: Statement = {
  name: 'replays.set_total',
  text: `UPDATE control.policy_replays SET total = $4 WHERE ${HELD}`,
};

export interface RecordedDecision {
  readonly id: string;
  readonly run_id: string;
  readonly action_digest: string;
  readonly action: string;
  readonly instance_id: string | null;
  readonly workflow: string | null;
  readonly outcome: Outcome;
  readonly reasons: Reason[];
  readonly obligations: Obligations;
  readonly input_sealed: Buffer | null;
  readonly is_shredded: boolean;
  readonly at_ms: number;
  readonly cursor_at: string;
}

/** Oldest first, from after `$5` and `$6`. */
export const readPage: Statement = {
  name: 'replays.read_page',
  text: `
    SELECT id, run_id, action_digest, action, instance_id, workflow, outcome, reasons, obligations, input_sealed, input_shredded_at IS NOT NULL AS is_shredded,
           extract(epoch FROM decided_at)::float8 * 1000 AS at_ms, to_char(decided_at AT TIME ZONE 'UTC', ${MICROSECONDS}) AS cursor_at
      FROM execution.decisions
     WHERE tenant_id = $1 AND environment_id = $2 AND decided_at >= $3 AND decided_at < $4 AND ($5::timestamptz IS NULL OR (decided_at, id) > ($5, $6))
     ORDER BY decided_at, id LIMIT $7`,
};

/** What was allowed within the day before `$3`, oldest first: read from decisions_allowed alone. `$4`: what was decided at `$3` itself, too. The most that one page of memory holds. */
export const readAllowed: Statement = {
  name: 'replays.read_allowed',
  text: `
    SELECT * FROM (
      SELECT action, instance_id, workflow, extract(epoch FROM decided_at)::float8 * 1000 AS at_ms
        FROM execution.decisions
       WHERE tenant_id = $1 AND environment_id = $2 AND outcome = 'ALLOW' AND decided_at > $3::timestamptz - interval '1 day' AND (decided_at < $3 OR $4 AND decided_at = $3)
       ORDER BY decided_at DESC LIMIT 500000) newest
     ORDER BY at_ms`,
};

/** One decision that comes out otherwise, or asks other people. */
export interface Change {
  readonly decision_id: string;
  readonly run_id: string;
  readonly action_digest: string;
  readonly action: string;
  readonly workflow: string | null;
  readonly from_outcome: Outcome;
  readonly to_outcome: Outcome;
  readonly to_rule: string;
  readonly from_tier: string | null;
  readonly to_tier: string | null;
  readonly from_votes: number;
  readonly to_votes: number;
}

export const saveProgress: Statement = {
  name: 'replays.save_progress',
  text: `
    UPDATE control.policy_replays
       SET done = $4::int, progress = least(1, $4::int::float8 / greatest(1, total)), cursor_at = $5, cursor_id = $6, counts = $7, lease_until = clock_timestamp() + ${LEASE}
     WHERE ${HELD}`,
};

export const insertChanges: Statement = {
  name: 'replays.insert_changes',
  text: `
    INSERT INTO control.policy_replay_changes (tenant_id, replay_id, decision_id, run_id, action_digest, action, workflow, from_outcome, to_outcome, to_rule, from_tier, to_tier, from_votes, to_votes)
    SELECT $1, $2, c.* FROM jsonb_to_recordset($3::jsonb) AS c(decision_id text, run_id text, action_digest text, action text, workflow text, from_outcome text, to_outcome text, to_rule text,
           from_tier text, to_tier text, from_votes int, to_votes int)`,
};

export const succeed: Statement = {
  name: 'replays.succeed',
  text: `UPDATE control.policy_replays SET state = 'succeeded', progress = 1, report = $4, finished_at = clock_timestamp(), lease_until = NULL WHERE ${HELD}`,
};

export const fail: Statement = {
  name: 'replays.fail',
  text: `UPDATE control.policy_replays SET state = 'failed', error = $4, finished_at = clock_timestamp(), lease_until = NULL WHERE ${HELD}`,
};
