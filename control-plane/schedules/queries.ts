import type { ScheduleTrigger } from '@countersign/contracts/workflow/definition.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

/**
 * Belongs into the transaction that activates version `$5`: where that version runs by the clock, it does so from now on. What was due
 * before is not caught up.
 */
export const rememberSchedule: Statement = {
  name: 'schedules.remember',
  text: `
    INSERT INTO control.schedules (tenant_id, id, workflow_id, environment_id)
    SELECT v.tenant_id, $2, v.workflow_id, $4 FROM control.workflow_versions v
     WHERE v.tenant_id = $1 AND v.workflow_id = $3 AND v.version = $5 AND v.definition->'trigger'->'schedule' IS NOT NULL
    ON CONFLICT ON CONSTRAINT one_schedule_per_workflow_and_environment DO UPDATE SET since = clock_timestamp()`,
};

export interface ScheduleRow {
  readonly id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly workflow_version: number;
  readonly environment: 'dev' | 'staging' | 'prod';
  readonly enabled: boolean;
  readonly trigger: ScheduleTrigger;
  readonly since: Date;
  readonly handled_until: Date | null;
  readonly last_due_at: Date | null;
  readonly skipped: number | null;
  readonly run_id: string | null;
  readonly run_state: string | null;
  readonly started_at: Date | null;
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly paused_by_name: string | null;
  readonly pause_reason: string | null;
}

/** Of the versions that are active: a schedule whose workflow has another trigger by now is not there. */
const SCHEDULES = `
    SELECT s.id, s.workflow_id, w.name AS workflow_name, a.version AS workflow_version, e.name AS environment, a.enabled, v.definition->'trigger'->'schedule' AS trigger,
           s.since, p.handled_until, p.last_due_at, p.skipped, r.id AS run_id, r.state AS run_state, r.created_at AS started_at,
           s.paused_at, s.paused_by, n.display_name AS paused_by_name, s.pause_reason
      FROM control.schedules s
      JOIN control.workflows w ON (w.tenant_id, w.id) = (s.tenant_id, s.workflow_id)
      JOIN control.environments e ON (e.tenant_id, e.id) = (s.tenant_id, s.environment_id)
      JOIN control.workflow_activations a ON (a.tenant_id, a.workflow_id, a.environment_id) = (s.tenant_id, s.workflow_id, s.environment_id)
      JOIN control.workflow_versions v ON (v.tenant_id, v.workflow_id, v.version) = (a.tenant_id, a.workflow_id, a.version)
      LEFT JOIN execution.schedule_progress p ON (p.tenant_id, p.schedule_id) = (s.tenant_id, s.id)
      LEFT JOIN control.principals n ON (n.tenant_id, n.id) = (s.tenant_id, s.paused_by)
      LEFT JOIN LATERAL (SELECT r.id, r.state, r.created_at FROM execution.runs r
                          WHERE p.last_due_at IS NOT NULL AND r.tenant_id = s.tenant_id AND r.environment_id = s.environment_id AND r.workflow_id = s.workflow_id
                            AND r.trigger_key = 'schedule:' || to_char(p.last_due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) r ON true
     WHERE s.tenant_id = $1 AND w.workspace_id = $2 AND v.definition->'trigger'->'schedule' IS NOT NULL`;

export const listSchedules: Statement = { name: 'schedules.list', text: `${SCHEDULES} ORDER BY w.name, e.ordinal` };

export const findSchedule: Statement = { name: 'schedules.find', text: `${SCHEDULES} AND s.id = $3` };

/** 0 rows where it is paused already. */
export const pauseSchedule: Statement = {
  name: 'schedules.pause',
  text: `UPDATE control.schedules SET paused_at = clock_timestamp(), paused_by = $3, pause_reason = $4 WHERE tenant_id = $1 AND id = $2 AND paused_at IS NULL`,
};

/** What was due while it was paused is over. 0 rows where it is not paused. */
export const resumeSchedule: Statement = {
  name: 'schedules.resume',
  text: `UPDATE control.schedules SET paused_at = NULL, paused_by = NULL, pause_reason = NULL, since = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND paused_at IS NOT NULL`,
};
