import type { Statement } from '@countersign/platform/postgres/database.ts';

export const insertRuns: Statement = {
  name: 'bench.insert_runs',
  text: `
    WITH delivered AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload)
      SELECT $1, 'dlv_' || run_id, $2, $3, 'ins_bench', 'desk', 'ticket.created', run_id, run_id, 'webhook', '{}' FROM unnest($4::text[]) AS r(run_id) RETURNING 1),
    runs AS (
      INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, delivery_id, subject, cost_usd)
      SELECT $1, run_id, $2, $3, 'wfl', 'triage', 1, 'sha256:00', '{}', 'event', run_id, 'dlv_' || run_id, run_id, 0.0087 FROM unnest($4::text[]) AS r(run_id) RETURNING 1)
    INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) SELECT $1, 'stp_' || run_id, run_id, 'step', 0, 'desk/ticket.update', 'ready' FROM unnest($4::text[]) AS r(run_id)`,
};

/** As the worker writes them; the masked input is left out, which a replay does not read. */
export const insertDecisions: Statement = {
  name: 'bench.insert_decisions',
  text: `
    INSERT INTO execution.decisions (tenant_id, workspace_id, environment_id, id, run_id, step_id, call_key, action, action_digest, outcome, reasons, obligations, input_digest, evaluated_us, workflow, path,
      input_sealed, decided_at)
    SELECT $1, $2, $3, d.id, d.run_id, 'stp_' || d.run_id, 'call', d.action, d.action_digest, d.outcome, d.reasons, d.obligations, d.input_digest, 50, d.workflow, 'countersign/decision', s.sealed, d.decided_at
      FROM jsonb_to_recordset($4::jsonb) AS d(ordinal int, id text, run_id text, action text, action_digest text, outcome text, reasons jsonb, obligations jsonb, input_digest text, workflow text, decided_at timestamptz)
      JOIN unnest($5::bytea[]) WITH ORDINALITY AS s(sealed, ordinal) ON s.ordinal = d.ordinal`,
};

export const insertApprovals: Statement = {
  name: 'bench.insert_approvals',
  text: `
    INSERT INTO control.approvals (tenant_id, id, workspace_id, environment_id, run_id, step_id, step_key, action, action_digest, action_sealed, preview_sealed, tier, required_role, required_votes,
      requested_by, decision_id, expires_at)
    SELECT $1, 'apr_' || n, $2, $3, 'run_' || n, 'stp_' || n, 'step', 'desk/ticket.update', 'sha256:0', '', '', 'standard', 'approver', 1, 'workflow:triage', 'dec_' || n, clock_timestamp() + interval '1 day'
      FROM generate_series(1, $4) AS n`,
};

/** Each after ten minutes. */
export const insertVotes: Statement = {
  name: 'bench.insert_votes',
  text: `
    INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, action_digest, auth_strength, channel, voted_at)
    SELECT tenant_id, id, 'vot_' || id, $2, 'approver', 'approve', action_digest, 'link', 'console', requested_at + interval '10 minutes' FROM control.approvals WHERE tenant_id = $1`,
};

export const replayState: Statement = {
  name: 'bench.replay_state',
  text: 'SELECT state, done, progress, report, error, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM control.policy_replays WHERE tenant_id = $1 AND id = $2',
};
