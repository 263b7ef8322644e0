import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { ApprovalState } from '@countersign/contracts/states/transitions.ts';

export interface ApprovalRow {
  readonly id: string;
  /** `action`: may this be sent? `outcome`: it was sent; did it happen? */
  readonly kind: 'action' | 'outcome';
  readonly workspace_id: string;
  readonly run_id: string;
  readonly step_key: string;
  readonly action: string;
  readonly action_digest: string;
  /** Null once it is shredded, as is the preview. */
  readonly action_sealed: Buffer | null;
  readonly preview_sealed: Buffer | null;
  readonly subject: string | null;
  readonly tier: string;
  readonly required_role: string;
  readonly required_votes: number;
  readonly requested_by: string;
  readonly state: ApprovalState;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  readonly consumed_at: Date | null;
  /** By the database's clock: pending and past its deadline, whether or not the sweeper has come by. */
  readonly overdue: boolean;
  /** Since when its clock stands, because a kill switch stops the run. */
  readonly frozen_since: Date | null;
  /** What a person said of an outcome. */
  readonly answer: Answer | null;
  /** Of an outcome, the call that it is about. */
  readonly sent: Sent | null;
  /** The weakest sign-in that a voter may have, and how old it may be; both null where policy asks for no step up. */
  readonly min_strength: string | null;
  readonly max_sign_in_age_ms: number | null;
  /** The database's clock when the row was read. */
  readonly read_at: Date;
  readonly cursor_at: string;
}

export type Answer = 'happened' | 'did_not_happen';
export type VoteDecision = 'approve' | 'reject' | Answer;
type Sent = NonNullable<components['schemas']['Approval']['sent']>;

export interface VoteRow {
  readonly id: string;
  readonly approval_id: string;
  readonly principal_id: string;
  readonly display_name: string;
  readonly role: string;
  readonly decision: VoteDecision;
  readonly reason: string | null;
  readonly auth_strength: string;
  readonly sign_in_age_ms: number | null;
  readonly channel: string;
  readonly voted_at: Date;
}

/** Its deadline has passed, and its clock has not stood still: a kill switch gives back the time that it takes. */
const OVERDUE = `expires_at <= clock_timestamp() AND frozen_since IS NULL AND NOT control.is_stopped(tenant_id, workspace_id, environment_id, run_id)`;

const SENT = `CASE WHEN kind = 'outcome' THEN (
    SELECT jsonb_build_object('call_id', c.id, 'idempotency_key', c.idempotency_key, 'intended_at', to_char(c.intended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'worker', t.worker, 'attempt', c.attempt, 'error', c.error)
      FROM execution.tool_calls c LEFT JOIN execution.step_attempts t ON (t.tenant_id, t.step_id, t.fence) = (c.tenant_id, c.step_id, c.fence)
     WHERE c.tenant_id = approvals.tenant_id AND c.id = approvals.call_id) END AS sent`;

const COLUMNS = `id, kind, workspace_id, run_id, step_key, action, action_digest, action_sealed, preview_sealed, subject, tier, required_role, required_votes,
  requested_by, state, requested_at, expires_at, decided_at, consumed_at, state = 'pending' AND ${OVERDUE} AS overdue, frozen_since, answer, ${SENT},
  min_strength, max_sign_in_age_ms::float8 AS max_sign_in_age_ms, clock_timestamp() AS read_at,
  to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`;

export const listApprovals: Statement = {
  name: 'approvals.list',
  text: `
    SELECT ${COLUMNS} FROM control.approvals
     WHERE tenant_id = $1 AND workspace_id = $2
       AND ($3::text[] IS NULL OR state = ANY ($3)) AND ($4::text IS NULL OR run_id = $4)
       AND ($5::timestamptz IS NULL OR (requested_at, id) < ($5, $6))
     ORDER BY requested_at DESC, id DESC LIMIT $7`,
};

export const approvalsOfRun: Statement = {
  name: 'approvals.of_run',
  text: `SELECT ${COLUMNS} FROM control.approvals WHERE tenant_id = $1 AND workspace_id = $2 AND run_id = $3 ORDER BY requested_at, id`,
};

export const findApproval: Statement = {
  name: 'approvals.find',
  text: `SELECT ${COLUMNS} FROM control.approvals WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3`,
};

/** Votes on one approval are counted one after the other. */
export const lockApproval: Statement = {
  name: 'approvals.lock',
  text: `SELECT ${COLUMNS} FROM control.approvals WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3 FOR UPDATE`,
};

export const votesOf: Statement = {
  name: 'approvals.votes_of',
  text: `
    SELECT v.id, v.approval_id, v.principal_id, p.display_name, v.role, v.decision, v.reason, v.auth_strength, v.channel, v.voted_at,
           -- greatest() passes over null: what is not known must not become fresh
           CASE WHEN v.signed_in_at IS NOT NULL THEN greatest(0, round(extract(epoch FROM v.voted_at - v.signed_in_at) * 1000))::float8 END AS sign_in_age_ms
      FROM control.approval_votes v JOIN control.principals p ON (p.tenant_id, p.id) = (v.tenant_id, v.principal_id)
     WHERE v.tenant_id = $1 AND v.approval_id = ANY ($2)
     ORDER BY v.voted_at, v.id`,
};

export const insertVote: Statement = {
  name: 'approvals.insert_vote',
  text: `INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, reason, action_digest, auth_strength, channel, signed_in_at, auth_method, provider_id, acr, amr)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
};

/** The first decision wins: whoever finds it no longer pending, or past its deadline, changes nothing. */
export const decideApproval: Statement = {
  name: 'approvals.decide',
  text: `UPDATE control.approvals SET state = $3, answer = $4, decided_at = clock_timestamp()
          WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND NOT (${OVERDUE})`,
};

export const expireOne: Statement = {
  name: 'approvals.expire_one',
  text: `UPDATE control.approvals SET state = 'expired', decided_at = clock_timestamp()
          WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND ${OVERDUE}`,
};

export interface OverdueRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly run_id: string;
}

export const expireOverdue: Statement = {
  name: 'approvals.expire_overdue',
  text: `
    WITH overdue AS (
      SELECT tenant_id, id FROM control.approvals
       WHERE tenant_id = $1 AND state = 'pending' AND ${OVERDUE}
       ORDER BY expires_at LIMIT 100
         FOR UPDATE SKIP LOCKED)
    UPDATE control.approvals a SET state = 'expired', decided_at = clock_timestamp()
      FROM overdue o WHERE (a.tenant_id, a.id) = (o.tenant_id, o.id)
    RETURNING a.id, a.workspace_id, a.run_id`,
};

/** Takes away the texts of what can no longer run and was asked long enough ago, and the reasons of its votes; digest, votes and times stay. */
export const shredOld: Statement = {
  name: 'approvals.shred_old',
  text: `
    WITH kept AS (SELECT coalesce((SELECT content_days FROM control.retention_settings WHERE tenant_id = $1), $2) AS days),
    old AS (
      SELECT a.tenant_id, a.id FROM control.approvals a, kept
       WHERE a.tenant_id = $1 AND a.shredded_at IS NULL AND a.state NOT IN ('pending', 'approved') AND a.requested_at <= clock_timestamp() - make_interval(days => kept.days)
         -- the evidence of its run shows the action: a run that is not proven yet has one more day
         AND (a.requested_at <= clock_timestamp() - make_interval(days => kept.days + 1)
              OR EXISTS (SELECT FROM execution.runs r WHERE (r.tenant_id, r.id) = (a.tenant_id, a.run_id) AND r.evidence_id IS NOT NULL))
         AND NOT control.is_run_held(a.tenant_id, a.run_id)
         -- a hold on a person is on what they voted, too
         AND NOT EXISTS (SELECT FROM control.approval_votes v WHERE (v.tenant_id, v.approval_id) = (a.tenant_id, a.id) AND control.is_held(v.tenant_id, NULL, NULL, NULL, v.principal_id))
       ORDER BY a.requested_at LIMIT 100
         FOR UPDATE OF a SKIP LOCKED
    ), reasons AS (
      -- what people typed may say what the text said
      UPDATE control.approval_votes v SET reason = NULL FROM old WHERE (v.tenant_id, v.approval_id) = (old.tenant_id, old.id) AND v.reason IS NOT NULL)
    UPDATE control.approvals a SET action_sealed = NULL, preview_sealed = NULL, shredded_at = clock_timestamp()
      FROM old WHERE (a.tenant_id, a.id) = (old.tenant_id, old.id)`,
};
