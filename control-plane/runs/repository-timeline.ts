import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

type RunError = components['schemas']['RunError'];

export interface TimelineRunRow {
  readonly state: components['schemas']['RunState'];
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
  /** A kill switch stops it now. */
  readonly stopped: boolean;
  readonly now: Date;
}

export const findTimelineRun: Statement = {
  name: 'timeline.run',
  text: `
    SELECT state, paused_at, paused_by, pause_reason, control.is_stopped(tenant_id, workspace_id, environment_id, id) AS stopped, clock_timestamp() AS now
      FROM execution.runs WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3`,
};

export interface TimelineStepRow {
  readonly id: string;
  readonly key: string;
  readonly uses: string;
  readonly needs: readonly string[];
  readonly state: components['schemas']['StepState'];
  readonly attempt: number;
  readonly max_attempts: number;
  readonly created_at: Date;
  readonly available_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly lease_owner: string | null;
  readonly lease_expires_at: Date | null;
  readonly fence: string;
  /** A limit of its workflow holds its run back. */
  readonly held: boolean;
  readonly error: RunError | null;
  /** What people are asked: to approve the action, or what became of it. */
  readonly approval_id: string | null;
  readonly approval_expires_at: Date | null;
  readonly approval_kind: string | null;
  /** How many there are in all. */
  readonly total: number;
  readonly ordinal: number;
}

/** Up to `$3`; where there are more, those that are open come before those that have ended. */
export const timelineSteps: Statement = {
  name: 'timeline.steps',
  text: `
    SELECT s.id, s.key, s.uses, s.needs, s.state, s.attempt, s.max_attempts, s.created_at, s.available_at, s.started_at, s.finished_at, s.lease_owner, s.lease_expires_at,
           s.fence::text AS fence, s.held, s.error, a.id AS approval_id, a.expires_at AS approval_expires_at, a.kind AS approval_kind, (count(*) OVER ())::int AS total, s.ordinal
      FROM execution.steps s LEFT JOIN control.approvals a ON a.tenant_id = s.tenant_id
        AND a.id = CASE s.state WHEN 'waiting' THEN s.approval_id WHEN 'uncertain' THEN s.error->'data'->>'question_id' END
     WHERE s.tenant_id = $1 AND s.run_id = $2
     ORDER BY s.state IN ('succeeded', 'skipped', 'cancelled', 'failed'), s.ordinal, s.key LIMIT $3`,
};

export interface TimelineEntryRow {
  readonly at: Date;
  readonly ended_at: Date | null;
  readonly kind: components['schemas']['TimelineEntry']['kind'];
  readonly id: string;
  readonly step_key: string | null;
  readonly result: string | null;
  readonly worker: string | null;
  readonly fence: string | null;
  readonly attempt: number | null;
  readonly action: string | null;
  readonly by: string | null;
  readonly message: string | null;
  readonly error: RunError | null;
  readonly cursor_at: string;
  readonly cursor_id: string;
}

/** Everything that is dated about the run `$2`, oldest first, after the place `$3`, `$4`. Each part is found by the run in an index of its own. */
export const timelineEntries: Statement = {
  name: 'timeline.entries',
  text: `
    WITH run AS (SELECT * FROM execution.runs WHERE tenant_id = $1 AND id = $2),
    keys AS (SELECT id, key FROM execution.steps WHERE tenant_id = $1 AND run_id = $2),
    entries (at, ended_at, kind, id, step_key, result, worker, fence, attempt, action, by, message, error) AS (
      SELECT d.received_at, NULL::timestamptz, 'received', d.id, NULL::text, d.state, NULL::text, NULL::text, NULL::int, NULL::text, NULL::text, d.source || ': ' || d.event, NULL::jsonb
        FROM run r JOIN execution.deliveries d ON (d.tenant_id, d.id) = (r.tenant_id, r.delivery_id)
      UNION ALL SELECT created_at, NULL, 'created', id, NULL, 'queued', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM run
      UNION ALL SELECT started_at, NULL, 'started', id, NULL, 'running', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM run WHERE started_at IS NOT NULL
      UNION ALL SELECT finished_at, NULL, 'finished', id, NULL, state, NULL, NULL, NULL, NULL, NULL, NULL, error FROM run WHERE finished_at IS NOT NULL
      UNION ALL
      SELECT a.started_at, a.finished_at, 'attempt', a.step_id || '-' || a.fence, k.key, coalesce(a.result, CASE WHEN a.state <> 'held' THEN 'lease_' || a.state END), a.worker, a.fence::text, a.attempt, NULL, NULL, NULL, a.error
        FROM keys k JOIN execution.step_attempts a ON (a.tenant_id, a.step_id) = ($1, k.id)
      UNION ALL
      SELECT d.decided_at, NULL, 'decision', d.id, k.key, d.outcome, NULL, NULL, NULL, d.action, NULL, (SELECT string_agg(reason->>'message', ' ') FROM jsonb_array_elements(d.reasons) reason), NULL
        FROM execution.decisions d JOIN keys k ON k.id = d.step_id WHERE d.tenant_id = $1 AND d.run_id = $2
      UNION ALL
      SELECT c.intended_at, c.finished_at, 'call', c.id, k.key, c.state, NULL, c.fence::text, c.attempt, c.action, NULL, NULL, c.error
        FROM execution.tool_calls c JOIN keys k ON k.id = c.step_id WHERE c.tenant_id = $1 AND c.run_id = $2
      UNION ALL
      SELECT requested_at, decided_at, 'approval', id, step_key, state, NULL, NULL, NULL, action, NULL, NULL, NULL FROM control.approvals WHERE tenant_id = $1 AND run_id = $2
      UNION ALL
      SELECT v.voted_at, NULL, 'vote', v.id, a.step_key, v.decision, NULL, NULL, NULL, a.action, v.principal_id, v.reason, NULL
        FROM control.approvals a JOIN control.approval_votes v ON (v.tenant_id, v.approval_id) = (a.tenant_id, a.id) WHERE a.tenant_id = $1 AND a.run_id = $2
      UNION ALL
      SELECT c.created_at, c.finished_at, 'child', c.id, k.key, c.state, NULL, NULL, NULL, c.workflow_name, NULL, NULL, c.error
        FROM execution.runs c JOIN keys k ON k.id = c.parent_step_id WHERE c.tenant_id = $1 AND c.parent_run_id = $2
      UNION ALL
      SELECT requested_at, handled_at, 'command', id, step_key, result, NULL, NULL, NULL, kind, requested_by, reason, NULL FROM execution.commands WHERE tenant_id = $1 AND run_id = $2)
    SELECT *, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at, id || '-' || kind AS cursor_id
      FROM entries WHERE $3::timestamptz IS NULL OR (at, id || '-' || kind) > ($3, $4)
     ORDER BY at, id || '-' || kind LIMIT $5`,
};
