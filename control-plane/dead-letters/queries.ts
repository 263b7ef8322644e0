import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type DeadLetter = components['schemas']['DeadLetter'];
type RunError = components['schemas']['RunError'];

export interface DeadLetterRow {
  readonly id: string;
  readonly step_key: string;
  readonly uses: string;
  readonly state: 'dead' | 'failed';
  readonly attempt: number;
  readonly max_attempts: number;
  readonly died_at: Date;
  readonly error: RunError | null;
  readonly run: DeadLetter['run'];
  readonly attempts: DeadLetter['attempts'];
  readonly decision: DeadLetter['decision'];
  readonly approval: DeadLetter['approval'];
  readonly call: DeadLetter['call'];
  readonly cursor_at: string;
}

/** What is given up on in workspace `$2`, as far as it passes the filters `$3` to `$10`. `s` is the step, `r` its run. */
const MATCHING = `
    FROM execution.steps s
    JOIN execution.runs r ON (r.tenant_id, r.id) = (s.tenant_id, s.run_id)
    JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
   WHERE s.tenant_id = $1 AND r.workspace_id = $2
     AND s.state IN ('dead', 'failed') AND s.state = ANY ($3::text[])
     AND ($4::text IS NULL OR r.workflow_name = $4) AND ($5::text IS NULL OR e.name = $5) AND ($6::text IS NULL OR s.key = $6)
     AND ($7::text IS NULL OR s.uses = $7) AND ($8::text IS NULL OR s.error->>'code' = $8) AND ($9::timestamptz IS NULL OR s.finished_at >= $9)
     AND ($10::text[] IS NULL OR s.id = ANY ($10))`;

/** RFC 3339 to the millisecond, UTC. */
const iso = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export const listDeadLetters: Statement = {
  name: 'dead_letters.list',
  text: `
    WITH page AS (
      SELECT s.tenant_id, s.id, s.run_id, s.finished_at, e.name AS environment ${MATCHING}
         AND ($11::text IS NULL OR s.run_id = $11)
         AND ($12::timestamptz IS NULL OR (s.finished_at, s.id) < ($12, $13))
       ORDER BY s.finished_at DESC, s.id DESC LIMIT $14
    )
    SELECT s.id, s.key AS step_key, s.uses, s.state, s.attempt, s.max_attempts, s.finished_at AS died_at, s.error,
           to_char(s.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at,
           jsonb_build_object('id', r.id, 'workflow_name', r.workflow_name, 'workflow_version', r.workflow_version, 'environment', page.environment,
             'state', r.state, 'subject', r.subject, 'subject_label', r.subject_label) AS run,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('attempt', a.attempt, 'worker', a.worker, 'started_at', ${iso('a.started_at')}, 'finished_at', ${iso('a.finished_at')},
                     'result', a.result, 'error', a.error) ORDER BY a.fence DESC), '[]')
              FROM (SELECT * FROM execution.step_attempts WHERE tenant_id = s.tenant_id AND step_id = s.id ORDER BY fence DESC LIMIT 5) a) AS attempts,
           (SELECT jsonb_build_object('id', d.id, 'outcome', d.outcome, 'reasons', d.reasons, 'bundle_revision', d.bundle_revision, 'bundle_seq', d.bundle_seq,
                     'input_digest', d.input_digest, 'decided_at', ${iso('d.decided_at')})
              FROM execution.decisions d WHERE d.tenant_id = s.tenant_id AND d.run_id = s.run_id AND d.step_id = s.id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1) AS decision,
           (SELECT jsonb_build_object('id', p.id, 'kind', p.kind, 'state', p.state, 'tier', p.tier, 'decided_at', ${iso('p.decided_at')})
              FROM control.approvals p WHERE p.tenant_id = s.tenant_id AND p.run_id = s.run_id AND p.step_id = s.id ORDER BY p.requested_at DESC, p.id DESC LIMIT 1) AS approval,
           (SELECT jsonb_build_object('id', c.id, 'action', c.action, 'state', c.state, 'action_digest', c.action_digest, 'idempotency_key', c.idempotency_key,
                     'parameters_digest', c.parameters_digest, 'error', c.error, 'intended_at', ${iso('c.intended_at')})
              FROM execution.tool_calls c WHERE c.tenant_id = s.tenant_id AND c.run_id = s.run_id AND c.step_id = s.id ORDER BY c.intended_at DESC, c.id DESC LIMIT 1) AS call
      FROM page
      JOIN execution.steps s ON (s.tenant_id, s.id) = (page.tenant_id, page.id)
      JOIN execution.runs r ON (r.tenant_id, r.id) = (page.tenant_id, page.run_id)
     ORDER BY page.finished_at DESC, page.id DESC`,
};

/** The steps of a job, each with the run that its command is for. */
export const selectDeadLetters: Statement = {
  name: 'dead_letters.select',
  text: `SELECT s.run_id, s.key AS step_key ${MATCHING} ORDER BY s.finished_at, s.id LIMIT $11`,
};
