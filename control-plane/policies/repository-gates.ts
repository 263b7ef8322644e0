import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface GateRow {
  readonly environment_id: string;
  readonly enabled: boolean;
  readonly max_replay_age_s: number;
  readonly min_decisions: number;
  readonly max_changed_share: number | null;
  readonly max_newly_denied_runs: number | null;
  readonly max_extra_approval_minutes: number | null;
  readonly version: number;
  readonly set_by: string;
  readonly set_at: Date;
}

const COLUMNS = 'environment_id, enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes, version, set_by, set_at';

export const findGates: Statement = {
  name: 'policies.find_gates',
  text: `SELECT ${COLUMNS} FROM control.policy_gates WHERE tenant_id = $1 AND environment_id = ANY ($2::text[])`,
};

/** Changes nothing where `$9` is a version and another one is there. */
export const writeGate: Statement = {
  name: 'policies.write_gate',
  text: `
    INSERT INTO control.policy_gates AS g (tenant_id, environment_id, enabled, max_replay_age_s, min_decisions, max_changed_share, max_newly_denied_runs, max_extra_approval_minutes, set_by)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10
     WHERE $9::int IS NULL OR $9 = 0 OR EXISTS (SELECT FROM control.policy_gates WHERE tenant_id = $1 AND environment_id = $2)
    ON CONFLICT (tenant_id, environment_id) DO UPDATE
       SET enabled = excluded.enabled, max_replay_age_s = excluded.max_replay_age_s, min_decisions = excluded.min_decisions, max_changed_share = excluded.max_changed_share,
           max_newly_denied_runs = excluded.max_newly_denied_runs, max_extra_approval_minutes = excluded.max_extra_approval_minutes,
           set_by = excluded.set_by, set_at = clock_timestamp(), version = g.version + 1
     WHERE $9::int IS NULL OR g.version = $9
    RETURNING ${COLUMNS}`,
};

/** The figures of a replay, as its report has them; those that it has not are null. */
export interface ReplayRow {
  readonly environment_id: string;
  readonly stack_digest: string;
  readonly state: string;
  readonly age_s: number | null;
  readonly figures: {
    readonly replayed: number;
    readonly changed: number;
    readonly changed_obligations: number;
    readonly newly_denied_runs: number;
    readonly extra_approvals: number;
    readonly extra_person_minutes: number | null;
  } | null;
  /** Recorded decisions for which the policy gave none. */
  readonly failed: number | null;
}

export const findReplay: Statement = {
  name: 'policies.find_replay',
  text: `
    SELECT environment_id, stack_digest, state, extract(epoch FROM clock_timestamp() - finished_at)::float8 AS age_s,
           report -> 'figures' AS figures, (report -> 'not_replayed' ->> 'failed')::int AS failed
      FROM control.policy_replays WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3`,
};
