import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ApprovalState } from '@countersign/contracts/states/transitions.ts';

/** What a card says: the action and how it stands, no content. */
export interface CardFacts {
  readonly id: string;
  readonly kind: 'action' | 'outcome';
  /** What a person said of an outcome. */
  readonly answer: 'happened' | 'did_not_happen' | null;
  readonly workspace_id: string;
  readonly run_id: string;
  readonly action: string;
  /** From the connector's manifest. */
  readonly action_title: string | null;
  readonly action_digest: string;
  readonly environment: string;
  readonly subject_label: string | null;
  readonly tier: string;
  readonly required_role: string;
  readonly required_votes: number;
  readonly votes_for: number;
  readonly requester: string;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  /** `expired` also where the deadline is over and the sweeper has not come by. */
  readonly state: ApprovalState;
  readonly step_up: boolean;
  readonly min_strength: string | null;
  readonly max_sign_in_age_ms: number | null;
  readonly decided_by: string | null;
  readonly decided_in: string | null;
}

const STATE = `CASE WHEN a.state = 'pending' AND a.expires_at <= clock_timestamp() AND a.frozen_since IS NULL AND NOT control.is_stopped(a.tenant_id, a.workspace_id, a.environment_id, a.run_id) THEN 'expired' ELSE a.state END`;
const VOTES = '(SELECT count(*)::int FROM control.approval_votes v WHERE (v.tenant_id, v.approval_id) = (a.tenant_id, a.id))';
/** What a card shows changes exactly with this. A consumed approval looks like an approved one. */
const SHOWN = `replace(${STATE}, 'consumed', 'approved') || '/' || ${VOTES}`;

const FACTS = `
    SELECT a.id, a.kind, a.answer, a.workspace_id, a.run_id, a.action, m.title AS action_title, a.action_digest, e.name AS environment, r.subject_label, a.tier, a.required_role,
           a.required_votes, coalesce(v.votes_for, 0)::int AS votes_for, coalesce(q.display_name, replace(a.requested_by, 'workflow:', 'workflow ')) AS requester, a.requested_at, a.expires_at,
           a.decided_at, ${STATE} AS state, (a.tier = 'critical' OR a.min_strength IS NOT NULL) AS step_up, a.min_strength, a.max_sign_in_age_ms::float8 AS max_sign_in_age_ms, v.decided_by, v.decided_in, ${SHOWN} AS shown
      FROM control.approvals a
      JOIN control.environments e ON (e.tenant_id, e.id) = (a.tenant_id, a.environment_id)
      LEFT JOIN execution.runs r ON (r.tenant_id, r.id) = (a.tenant_id, a.run_id)
      LEFT JOIN control.principals q ON (q.tenant_id, q.id) = (a.tenant_id, a.requested_by)
      LEFT JOIN control.connector_instances i ON (i.tenant_id, i.id) = (a.tenant_id, a.instance_id)
      LEFT JOIN LATERAL (
        SELECT c.manifest -> 'actions' -> split_part(a.action, '/', 2) ->> 'title' AS title FROM control.connector_versions c
         WHERE (c.tenant_id, c.connector, c.version) = (i.tenant_id, i.connector, i.connector_version)) m ON true
      LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE b.decision = 'approve') AS votes_for,
               string_agg(p.display_name, ', ' ORDER BY b.voted_at) AS decided_by, string_agg(DISTINCT b.channel, ', ') AS decided_in
          FROM control.approval_votes b JOIN control.principals p ON (p.tenant_id, p.id) = (b.tenant_id, b.principal_id)
         WHERE (b.tenant_id, b.approval_id) = (a.tenant_id, a.id)) v ON true`;

export type ShownCard = CardFacts & { readonly shown: string };

export const cardFacts: Statement = {
  name: 'slack.card_facts',
  text: `${FACTS} WHERE a.tenant_id = $1 AND a.id = $2`,
};

/** A card for everything that waits, in every channel that shows its environment. */
export const wantCards: Statement = {
  name: 'slack.want_cards',
  text: `
    INSERT INTO control.slack_cards (tenant_id, approval_id, installation, channel_id)
    SELECT a.tenant_id, a.id, c.installation, c.channel_id
      FROM control.approvals a
      JOIN control.slack_channels c ON (c.tenant_id, c.environment_id) = (a.tenant_id, a.environment_id)
      JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (c.tenant_id, c.installation) AND i.revoked_at IS NULL
     WHERE a.tenant_id = $1 AND a.state = 'pending' AND a.expires_at > clock_timestamp()
       AND NOT EXISTS (SELECT FROM control.slack_cards k WHERE (k.tenant_id, k.approval_id, k.installation, k.channel_id) = (a.tenant_id, a.id, c.installation, c.channel_id))
    ON CONFLICT DO NOTHING`,
};

export interface CardRow {
  readonly approval_id: string;
  readonly installation: string;
  readonly channel_id: string;
  readonly message_ts: string | null;
  readonly attempts: number;
}

const READY = `k.next_attempt_at <= clock_timestamp() AND i.revoked_at IS NULL AND (i.paused_until IS NULL OR i.paused_until <= clock_timestamp())`;
const OF_INSTALLATION = 'JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (k.tenant_id, k.installation)';
const OF_APPROVAL = 'JOIN control.approvals a ON (a.tenant_id, a.id) = (k.tenant_id, k.approval_id)';
const CARD = 'k.approval_id, k.installation, k.channel_id, k.message_ts, k.attempts';

/** Not posted, or of a post whose process has died (a minute is far more than a post takes). */
export const cardsToPost: Statement = {
  name: 'slack.cards_to_post',
  text: `
    SELECT ${CARD} FROM control.slack_cards k ${OF_INSTALLATION} ${OF_APPROVAL}
     WHERE k.tenant_id = $1 AND k.message_ts IS NULL AND ${READY} AND a.state = 'pending' AND a.expires_at > clock_timestamp()
       AND (k.posting_since IS NULL OR k.posting_since < clock_timestamp() - interval '1 minute')
     ORDER BY k.created_at, k.approval_id LIMIT 50`,
};

/** Takes a card for posting. `unsure`: an earlier post of it may have arrived. No row: somebody else has it. */
export const takeCard: Statement = {
  name: 'slack.take_card',
  text: `
    WITH taken AS (
      SELECT tenant_id, approval_id, installation, channel_id, posting_since FROM control.slack_cards
       WHERE tenant_id = $1 AND approval_id = $2 AND installation = $3 AND channel_id = $4 AND message_ts IS NULL
         AND (posting_since IS NULL OR posting_since < clock_timestamp() - interval '1 minute')
         FOR UPDATE SKIP LOCKED)
    UPDATE control.slack_cards k SET posting_since = clock_timestamp(), attempts = k.attempts + 1
      FROM taken t WHERE (k.tenant_id, k.approval_id, k.installation, k.channel_id) = (t.tenant_id, t.approval_id, t.installation, t.channel_id)
    RETURNING t.posting_since IS NOT NULL AS unsure`,
};

export const cardPosted: Statement = {
  name: 'slack.card_posted',
  text: `UPDATE control.slack_cards SET message_ts = $5, shown = $6, posting_since = NULL, attempts = 0, error = NULL
          WHERE tenant_id = $1 AND approval_id = $2 AND installation = $3 AND channel_id = $4`,
};

/** It is known not to have arrived: to be tried again after a pause in seconds. */
export const cardRefused: Statement = {
  name: 'slack.card_refused',
  text: `UPDATE control.slack_cards SET posting_since = NULL, attempts = attempts + 1, error = $5, next_attempt_at = clock_timestamp() + make_interval(secs => $6)
          WHERE tenant_id = $1 AND approval_id = $2 AND installation = $3 AND channel_id = $4`,
};

/** Posted, and showing something else than what is. */
export const staleCards: Statement = {
  name: 'slack.stale_cards',
  text: `
    SELECT ${CARD} FROM control.slack_cards k ${OF_INSTALLATION} ${OF_APPROVAL}
     WHERE k.tenant_id = $1 AND k.message_ts IS NOT NULL AND ${READY} AND k.outcome_told_at IS NULL AND k.shown IS DISTINCT FROM ${SHOWN}
     ORDER BY k.created_at, k.approval_id LIMIT 50`,
};

export const cardShows: Statement = {
  name: 'slack.card_shows',
  text: `UPDATE control.slack_cards SET shown = $5, attempts = 0, error = $6 WHERE tenant_id = $1 AND approval_id = $2 AND installation = $3 AND channel_id = $4`,
};

export interface OutcomeRow extends CardRow {
  readonly state: ApprovalState;
  readonly kind: 'action' | 'outcome';
  readonly answer: 'happened' | 'did_not_happen' | null;
  readonly run_id: string;
  readonly run_state: string | null;
  readonly call_state: string | null;
  readonly error_code: string | null;
  readonly has_evidence: boolean;
}

/** Decided cards whose thread was not told how it ended: refused ones at once, approved ones when the call or its run is over. */
export const outcomesToTell: Statement = {
  name: 'slack.outcomes_to_tell',
  text: `
    SELECT ${CARD}, ${STATE} AS state, a.kind, a.answer, a.run_id, r.state AS run_state, c.state AS call_state, coalesce(c.error ->> 'code', r.error ->> 'code') AS error_code,
           r.evidence_id IS NOT NULL AS has_evidence
      FROM control.slack_cards k ${OF_INSTALLATION} ${OF_APPROVAL}
      LEFT JOIN execution.runs r ON (r.tenant_id, r.id) = (a.tenant_id, a.run_id)
      LEFT JOIN LATERAL (
        SELECT t.state, t.error FROM execution.tool_calls t WHERE (t.tenant_id, t.approval_id) = (a.tenant_id, a.id) ORDER BY t.intended_at DESC LIMIT 1) c ON true
     WHERE k.tenant_id = $1 AND k.message_ts IS NOT NULL AND k.outcome_told_at IS NULL AND ${READY} AND k.shown IS NOT DISTINCT FROM ${SHOWN}
       AND (a.state IN ('rejected', 'answered', 'expired', 'withdrawn') OR (a.state IN ('approved', 'consumed') AND r.state IN ('succeeded', 'failed', 'cancelled')))
     ORDER BY k.created_at, k.approval_id LIMIT 50`,
};

export const outcomeTold: Statement = {
  name: 'slack.outcome_told',
  text: `UPDATE control.slack_cards SET outcome_told_at = clock_timestamp(), attempts = 0, error = $5 WHERE tenant_id = $1 AND approval_id = $2 AND installation = $3 AND channel_id = $4`,
};

/** Cards that were never posted, of what no longer waits: there is nothing to keep up to date, and nobody to tell. */
export const closeUnposted: Statement = {
  name: 'slack.close_unposted',
  text: `
    UPDATE control.slack_cards k SET outcome_told_at = clock_timestamp()
      FROM control.approvals a
     WHERE (a.tenant_id, a.id) = (k.tenant_id, k.approval_id) AND k.tenant_id = $1 AND k.message_ts IS NULL AND k.outcome_told_at IS NULL AND a.state <> 'pending'
       AND (k.posting_since IS NULL OR k.posting_since < clock_timestamp() - interval '1 hour')`,
};

/** One message per second and channel: changes a row for the one who may post now. */
export const takePace: Statement = {
  name: 'slack.take_pace',
  text: `
    INSERT INTO control.slack_pace AS p (tenant_id, installation, channel_id, next_post_at) VALUES ($1, $2, $3, clock_timestamp() + interval '1 second')
    ON CONFLICT (tenant_id, installation, channel_id) DO UPDATE SET next_post_at = clock_timestamp() + interval '1 second' WHERE p.next_post_at <= clock_timestamp()`,
};

export const pauseInstallation: Statement = {
  name: 'slack.pause_installation',
  text: `UPDATE control.slack_installations SET paused_until = clock_timestamp() + make_interval(secs => $3) WHERE tenant_id = $1 AND installation = $2`,
};

export interface HomeRow {
  readonly installation: string;
  readonly slack_user: string;
  readonly principal_id: string;
  readonly approvals: string[];
  readonly shown: string;
}

/** Homes that were opened within a month and show another list than the one that waits for that person now. */
export const staleHomes: Statement = {
  name: 'slack.stale_homes',
  text: `
    SELECT l.installation, l.slack_user, l.principal_id, w.approvals, w.shown
      FROM control.slack_links l
      JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (l.tenant_id, l.installation) AND i.revoked_at IS NULL
       AND (i.paused_until IS NULL OR i.paused_until <= clock_timestamp())
      JOIN control.principals p ON (p.tenant_id, p.id) = (l.tenant_id, l.principal_id) AND p.disabled_at IS NULL
      CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(a.id ORDER BY a.requested_at, a.id), '{}') AS approvals, md5(coalesce(string_agg(a.id, ',' ORDER BY a.requested_at, a.id), '')) AS shown
          FROM control.approvals a
         WHERE a.tenant_id = l.tenant_id AND a.state = 'pending' AND a.expires_at > clock_timestamp() AND a.requested_by <> l.principal_id
           AND EXISTS (SELECT FROM control.role_assignments g WHERE (g.tenant_id, g.workspace_id, g.principal_id, g.role) = (a.tenant_id, a.workspace_id, l.principal_id, a.required_role)
                         AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()))
           AND NOT EXISTS (SELECT FROM control.approval_votes v WHERE (v.tenant_id, v.approval_id, v.principal_id) = (a.tenant_id, a.id, l.principal_id))) w
     WHERE l.tenant_id = $1 AND l.home_opened_at > clock_timestamp() - interval '30 days' AND l.home_shown IS DISTINCT FROM w.shown
     LIMIT 50`,
};

export const homeShows: Statement = {
  name: 'slack.home_shows',
  text: 'UPDATE control.slack_links SET home_shown = $4 WHERE tenant_id = $1 AND installation = $2 AND slack_user = $3',
};
