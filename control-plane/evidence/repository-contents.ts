import type { Statement } from '@countersign/platform/postgres/database.ts';

/** What packages are made of: read only. */

export interface ApprovalContentRow {
  readonly id: string;
  readonly run_id: string;
  readonly decision_id: string | null;
  readonly action_digest: string;
  readonly action_sealed: Buffer | null;
  readonly [column: string]: unknown;
}

export const approvalContent: Statement = {
  name: 'evidence_packages.approval',
  text: `
    SELECT a.id, a.run_id, a.kind, a.call_id, a.answer, a.step_key, a.action, a.action_digest, a.action_sealed, a.shredded_at, a.subject, a.tier, a.required_role, a.required_votes,
           a.min_strength, a.max_sign_in_age_ms::float8 AS max_sign_in_age_ms, a.requested_by, a.decision_id, a.state, a.requested_at, a.expires_at, a.decided_at, a.consumed_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', v.id, 'principal_id', v.principal_id, 'role', v.role, 'decision', v.decision,
                            'action_digest', v.action_digest, 'auth_strength', v.auth_strength,
                            'sign_in_age_ms', CASE WHEN v.signed_in_at IS NOT NULL THEN greatest(0, round(extract(epoch FROM v.voted_at - v.signed_in_at) * 1000))::bigint END, 'channel', v.channel,
                            'auth', jsonb_build_object('method', v.auth_method, 'idp', v.provider_id, 'acr', v.acr, 'amr', to_jsonb(v.amr)),
                            'voted_at', to_char(v.voted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY v.voted_at, v.id)
                       FROM control.approval_votes v WHERE v.tenant_id = a.tenant_id AND v.approval_id = a.id), '[]') AS votes
      FROM control.approvals a WHERE a.tenant_id = $1 AND a.workspace_id = $2 AND a.id = $3`,
};

export const approvedCalls: Statement = {
  name: 'evidence_packages.approved_calls',
  text: `
    SELECT id, step_id, call_key, attempt, action, risk, connector_version, instance_id, action_digest, idempotency_key, decision_id, approval_id,
           state, request_digest, response_digest, receipt, model, error, intended_at, finished_at, duration_ms
      FROM execution.tool_calls WHERE tenant_id = $1 AND run_id = $2 AND approval_id = $3 ORDER BY intended_at, id`,
};

export const decisionsById: Statement = {
  name: 'evidence_packages.decisions',
  text: `
    SELECT id, step_id, call_key, action, instance_id, action_digest, outcome, reasons, obligations, bundle_revision, bundle_seq::int AS bundle_seq, bundle_digest,
           bundle_age_ms::float8 AS bundle_age_ms, bundle_expires_at, path, input_digest, erased, shadows, differs, routed_from, evaluated_us, approval_id, decided_at
      FROM execution.decisions WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY decided_at, id`,
};

export interface EventTextRow {
  readonly id: string;
  readonly body: string;
}

export const eventsOfRun: Statement = {
  name: 'evidence_packages.events_of_run',
  text: 'SELECT id, body FROM audit.events WHERE tenant_id = $1 AND chain = $2 AND run_id = $3 AND body IS NOT NULL ORDER BY pending_no',
};

/**
 * Of a policy release, since a time: those that name it, and those by which its versions were published. Its bundle is signed anew every few minutes, which
 * says nothing new. A package is built once, off the path of requests: that no index serves it is no matter.
 */
export const eventsOfRelease: Statement = {
  name: 'evidence_packages.events_of_release',
  text: `
    SELECT id, body FROM audit.events
     WHERE tenant_id = $1 AND chain = $2 AND type LIKE 'policy.%' AND body IS NOT NULL
       AND ((recorded_at >= $3::timestamptz - interval '1 minute' AND body LIKE '%"' || $4 || '"%' AND body NOT LIKE '%"renewal":true%')
         OR (type = 'policy.version_published' AND EXISTS (SELECT FROM unnest($5::text[]) AS draft WHERE body LIKE '%"' || draft || '"%')))
     ORDER BY pending_no`,
};

/** The bundle as which the release was put in force; those that renewed it hold the same. */
export const firstBundle: Statement = {
  name: 'evidence_packages.first_bundle',
  text: `
    SELECT id, scope, seq::int AS seq, revision, digest, kid, signed_at, expires_at FROM control.policy_bundles
     WHERE tenant_id = $1 AND release_id = $2 ORDER BY seq LIMIT 1`,
};

export interface MoveContentRow {
  readonly id: string;
  readonly state: string;
  readonly from_cell: string;
  readonly to_cell: string;
  readonly digest: string | null;
  readonly rows: number | null;
  readonly objects: number | null;
  readonly began_at: Date;
  readonly changed_at: Date;
}

export const moveContent: Statement = {
  name: 'evidence_packages.move',
  text: 'SELECT id, state, from_cell, to_cell, digest, rows::float8 AS rows, objects, began_at, changed_at FROM control.tenant_moves WHERE tenant_id = $1 AND id = $2',
};

export const eventsOfMove: Statement = {
  name: 'evidence_packages.events_of_move',
  text: `
    SELECT id, body FROM audit.events
     WHERE tenant_id = $1 AND chain = $2 AND type IN ('tenant.moved_out', 'tenant.moved_in') AND body LIKE '%"' || $3 || '"%'
     ORDER BY pending_no`,
};

export interface ReleaseContentRow {
  readonly id: string;
  readonly diff_key: string;
  readonly requested_at: Date;
  readonly state: string;
  readonly replay_id: string | null;
  readonly [column: string]: unknown;
}

export const releaseContent: Statement = {
  name: 'evidence_packages.release',
  text: `
    SELECT r.id, r.workspace_id, r.environment_id, e.name AS environment, r.mode, r.number, r.kind, r.layer, r.version, r.from_release_id, r.on_release_id, r.packs, r.tenant_version,
           r.workspace_version, r.environment_version, r.stack_digest, r.parts_key, r.diff_key, r.state, r.requested_by, r.requested_at, r.replay_id, r.gate, r.overridden_by,
           r.released_at, r.ended_by, r.ended_at
      FROM control.policy_releases r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.id = $3`,
};

/** The versions of the layers that the release put in force, by digest. */
export const releaseVersions: Statement = {
  name: 'evidence_packages.release_versions',
  text: `
    SELECT v.layer, v.version, v.digest, v.packs, v.draft_id, v.published_by, v.published_at
      FROM control.policy_releases r
      JOIN control.policy_versions v ON v.tenant_id = r.tenant_id
       AND (v.layer, v.version) IN (('tenant', r.tenant_version), (r.workspace_id, r.workspace_version), (r.environment_id, r.environment_version))
     WHERE r.tenant_id = $1 AND r.id = $2 ORDER BY v.layer`,
};

export const replayReport: Statement = {
  name: 'evidence_packages.replay',
  text: 'SELECT id, against, stack_digest, revision, decided_from, decided_to, state, counts, report, requested_by, requested_at, finished_at FROM control.policy_replays WHERE tenant_id = $1 AND id = $2',
};

export interface PeriodRunRow {
  readonly run_id: string;
  readonly state: string;
  readonly workflow_name: string;
  readonly finished_at: Date;
  readonly cost_usd: string;
  readonly evidence_id: string | null;
  readonly object_key: string | null;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
  readonly cursor_at: string;
}

/** A page of the runs that ended in a period, the oldest first. */
export const runsOfPeriod: Statement = {
  name: 'evidence_packages.runs_of_period',
  text: `
    SELECT r.id AS run_id, r.state, r.workflow_name, r.finished_at, r.cost_usd::text AS cost_usd, e.id AS evidence_id, e.object_key, e.sha256, e.size_bytes,
           to_char(r.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
      FROM execution.runs r LEFT JOIN execution.evidence e ON (e.tenant_id, e.id) = (r.tenant_id, r.evidence_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.finished_at >= $3 AND r.finished_at < $4
       AND ($5::timestamptz IS NULL OR (r.finished_at, r.id) > ($5::timestamptz, $6))
     ORDER BY r.finished_at, r.id LIMIT $7`,
};
