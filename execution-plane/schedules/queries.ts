import type { ScheduleTrigger } from '@countersign/contracts/workflow/definition.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';

export interface ActiveSchedule {
  readonly tenant_id: string;
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly workflow_name: string;
  readonly trigger: ScheduleTrigger;
  /** Everything until then is done with. */
  readonly from: Date;
  /** By the database's clock, which is the one that counts. */
  readonly now: Date;
}

const SCHEDULE = `
    SELECT s.tenant_id, s.id, w.workspace_id, s.environment_id, w.name AS workflow_name, v.definition->'trigger'->'schedule' AS trigger,
           greatest(s.since, p.handled_until) AS "from", clock_timestamp() AS now
      FROM control.schedules s
      JOIN control.workflow_activations a ON (a.tenant_id, a.workflow_id, a.environment_id) = (s.tenant_id, s.workflow_id, s.environment_id) AND a.enabled
      JOIN control.workflow_versions v ON (v.tenant_id, v.workflow_id, v.version) = (a.tenant_id, a.workflow_id, a.version)
      JOIN control.workflows w ON (w.tenant_id, w.id) = (s.tenant_id, s.workflow_id)
      JOIN control.workspaces o ON (o.tenant_id, o.id) = (w.tenant_id, w.workspace_id) AND o.archived_at IS NULL`;
const RUNS_NOW = `s.paused_at IS NULL AND v.definition->'trigger'->'schedule' IS NOT NULL`;

const activeSchedules: Statement = {
  name: 'schedules.active',
  text: `${SCHEDULE} LEFT JOIN execution.schedule_progress p ON (p.tenant_id, p.schedule_id) = (s.tenant_id, s.id) WHERE ${RUNS_NOW}`,
};

export function findActiveSchedules(tx: Transaction): Promise<ActiveSchedule[]> {
  return tx.rows<ActiveSchedule>(activeSchedules);
}

const beginProgress: Statement = {
  name: 'schedules.begin_progress',
  text: `INSERT INTO execution.schedule_progress (tenant_id, schedule_id, handled_until) SELECT tenant_id, id, since FROM control.schedules WHERE tenant_id = $1 AND id = $2
         ON CONFLICT ON CONSTRAINT schedule_progress_pk DO NOTHING`,
};

const lockOne: Statement = {
  name: 'schedules.lock',
  text: `${SCHEDULE} JOIN execution.schedule_progress p ON (p.tenant_id, p.schedule_id) = (s.tenant_id, s.id)
     WHERE s.tenant_id = $1 AND s.id = $2 AND ${RUNS_NOW} FOR UPDATE OF p SKIP LOCKED`,
};

/** As it is now, for this worker alone until the transaction ends; undefined where another has it, or it is paused by now. */
export async function lockSchedule(tx: Transaction, { tenant_id, id }: Pick<ActiveSchedule, 'tenant_id' | 'id'>): Promise<ActiveSchedule | undefined> {
  await tx.change(beginProgress, [tenant_id, id]);
  return tx.maybeOne<ActiveSchedule>(lockOne, [tenant_id, id]);
}

/** A due time that becomes a run. */
export interface DueDelivery {
  readonly id: string;
  readonly dueAt: Date;
}

const follow: Statement = {
  name: 'schedules.follow',
  text: `
    WITH due AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label, dedupe_key, source, payload)
      SELECT $1, d.id, $3, $4, $2, 'schedule', 'due', $2, d.due_at, 'schedule:' || d.due_at, 'schedule',
             jsonb_build_object('workflow', $5::text, 'trigger', jsonb_build_object('due_at', d.due_at, 'schedule_id', $2::text, 'cron', $6::text, 'time_zone', $7::text))
        FROM unnest($8::text[], $9::text[]) AS d(id, due_at)
      -- one run for each due time, whoever comes first
      ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
    ), followed AS (
      UPDATE execution.schedule_progress
         SET handled_until = $10, last_due_at = coalesce($11, last_due_at), last_delivery_id = coalesce($12, last_delivery_id),
             skipped = CASE WHEN $11::timestamptz IS NULL THEN skipped ELSE 0 END + $13::int
       WHERE tenant_id = $1 AND schedule_id = $2
    ), ${auditStep(14)}
    SELECT events FROM audited`,
};

export async function followSchedule(tx: Transaction, schedule: ActiveSchedule, due: readonly DueDelivery[], skipped: number, events: readonly NewAuditEvent[]): Promise<void> {
  const last = due.at(-1);
  await tx.rows(follow, [
    schedule.tenant_id, schedule.id, schedule.workspace_id, schedule.environment_id, schedule.workflow_name, schedule.trigger.cron, schedule.trigger.time_zone,
    due.map(({ id }) => id), due.map(({ dueAt }) => dueAt.toISOString()), schedule.now, last?.dueAt ?? null, last?.id ?? null, skipped, ...auditValues(events, schedule.now),
  ]);
}
