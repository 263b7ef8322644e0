import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { arrayLiteral, cells, columnsOf, namesOf, recordset } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { contentStep, contentValues } from '../contents/contents.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { RunPins } from '../dispatch/repository-runs.ts';
import { ENGINE_VERSION } from '../engine/versions.ts';
import { isLimited, rankOf } from '../limits/limit-keys.ts';
import type { LimitKeys } from '../limits/limit-keys.ts';
import type { ActiveWorkflow, DeliveryRow, NewStep } from './queries.ts';

/** A run that is to be made of a delivery. */
export interface NewRun {
  readonly id: string;
  readonly delivery: DeliveryRow;
  readonly workflow: ActiveWorkflow;
  readonly pins: RunPins;
  readonly triggerKey: string;
  readonly trigger: SealedContent;
  readonly limits: LimitKeys;
  readonly steps: readonly NewStep[];
  /** That it was made. */
  readonly created: NewAuditEvent;
}

/** Starts by hand and by the clock are about no record. */
const ABOUT_NOTHING: ReadonlyArray<DeliveryRow['source']> = ['manual', 'schedule'];

const RUN_COLUMNS: ReadonlyArray<Column<NewRun>> = [
  { name: 'tenant_id', type: 'text', of: ({ delivery }) => delivery.tenant_id },
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'workspace_id', type: 'text', of: ({ delivery }) => delivery.workspace_id },
  { name: 'environment_id', type: 'text', of: ({ delivery }) => delivery.environment_id },
  { name: 'workflow_id', type: 'text', of: ({ workflow }) => workflow.id },
  { name: 'workflow_name', type: 'text', of: ({ workflow }) => workflow.name },
  { name: 'workflow_version', type: 'int', of: ({ workflow }) => workflow.version },
  { name: 'workflow_digest', type: 'text', of: ({ workflow }) => workflow.digest },
  { name: 'definition', type: 'jsonb', of: ({ workflow }) => JSON.stringify(workflow.definition) },
  { name: 'pins', type: 'jsonb', of: ({ pins }) => JSON.stringify(pins) },
  { name: 'trigger_kind', type: 'text', of: ({ delivery }) => delivery.source },
  { name: 'trigger_key', type: 'text', of: ({ triggerKey }) => triggerKey },
  { name: 'trigger_content_id', type: 'text', of: ({ trigger }) => trigger.id },
  { name: 'delivery_id', type: 'text', of: ({ delivery }) => delivery.id },
  { name: 'subject', type: 'text', of: ({ delivery }) => (ABOUT_NOTHING.includes(delivery.source) ? null : delivery.subject) },
  { name: 'subject_label', type: 'text', of: ({ delivery }) => delivery.subject_label },
  { name: 'traceparent', type: 'text', of: ({ delivery }) => delivery.traceparent },
  { name: 'event_at', type: 'timestamptz', of: ({ delivery }) => delivery.received_at.toISOString() },
  { name: 'engine_version', type: 'int', of: () => ENGINE_VERSION },
  { name: 'deadline_ms', type: 'bigint', of: ({ workflow }) => workflow.definition.deadline_ms?.toString() ?? null },
  { name: 'priority', type: 'int', of: ({ workflow }) => rankOf(workflow.definition) },
  { name: 'concurrency_key', type: 'text', of: ({ limits }) => limits.concurrency_key },
  { name: 'rate_key', type: 'text', of: ({ limits }) => limits.rate_key },
];

const insertRuns: Statement = {
  name: 'runs.insert_many',
  text: `
    INSERT INTO execution.runs (${namesOf(RUN_COLUMNS)}, admitted_at)
    SELECT ${cells('r', RUN_COLUMNS)}, CASE WHEN r.concurrency_key = '' AND r.rate_key = '' THEN clock_timestamp() END
      FROM ${recordset('r', RUN_COLUMNS, 1)}
    -- one run per workflow and subject: a ticket is triaged once, however many versions of it are delivered
    ON CONFLICT ON CONSTRAINT one_run_per_workflow_and_trigger DO NOTHING
    RETURNING id`,
};

/** Gives those that are new; of the others there is such a run already. In one order for everybody, so that two workers wait for one another and not in a ring. */
export async function insertRunRows(tx: Transaction, runs: readonly NewRun[]): Promise<NewRun[]> {
  if (runs.length === 0) return [];
  const ordered = runs.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b)));
  const made = new Set((await tx.rows<{ id: string }>(insertRuns, columnsOf(RUN_COLUMNS, ordered))).map((row) => row.id));
  return runs.filter((run) => made.has(run.id));
}

function orderOf({ delivery, workflow, triggerKey }: NewRun): string {
  return `${delivery.tenant_id}/${workflow.id}/${triggerKey}`;
}

interface StepOfRun { readonly run: NewRun; readonly step: NewStep }

const STEP_COLUMNS: ReadonlyArray<Column<StepOfRun>> = [
  { name: 'tenant_id', type: 'text', of: ({ run }) => run.delivery.tenant_id },
  { name: 'id', type: 'text', of: ({ step }) => step.id },
  { name: 'run_id', type: 'text', of: ({ run }) => run.id },
  { name: 'key', type: 'text', of: ({ step }) => step.key },
  { name: 'ordinal', type: 'int', of: ({ step }) => step.ordinal },
  { name: 'uses', type: 'text', of: ({ step }) => step.uses },
  { name: 'needs', type: 'text[]', of: ({ step }) => arrayLiteral(step.needs) },
  { name: 'max_attempts', type: 'int', of: ({ step }) => step.max_attempts },
  { name: 'deadline_ms', type: 'bigint', of: ({ step }) => step.deadline_ms?.toString() ?? null },
  { name: 'workspace_id', type: 'text', of: ({ run }) => run.delivery.workspace_id },
  { name: 'priority', type: 'int', of: ({ run }) => rankOf(run.workflow.definition) },
  { name: 'held', type: 'boolean', of: ({ run }) => isLimited(run.limits) },
];

/** What became of a delivery. Null: it is started. */
export interface ClosedDelivery {
  readonly delivery: DeliveryRow;
  readonly droppedBecause: string | null;
}

const CLOSED_COLUMNS: ReadonlyArray<Column<ClosedDelivery>> = [
  { name: 'tenant_id', type: 'text', of: ({ delivery }) => delivery.tenant_id },
  { name: 'id', type: 'text', of: ({ delivery }) => delivery.id },
  { name: 'because', type: 'text', of: ({ droppedBecause }) => droppedBecause },
];

const FIRST_CLOSED = STEP_COLUMNS.length + 1;
const FIRST_CONTENT = FIRST_CLOSED + CLOSED_COLUMNS.length;
const FIRST_EVENT = FIRST_CONTENT + 8;

const finishIntake: Statement = {
  name: 'deliveries.finish',
  text: `
    WITH planned AS (
      INSERT INTO execution.steps (${namesOf(STEP_COLUMNS)}, state)
      SELECT ${cells('s', STEP_COLUMNS)}, CASE WHEN s.needs = '{}' THEN 'ready' ELSE 'blocked' END FROM ${recordset('s', STEP_COLUMNS, 1)}
    ), closed AS (
      -- what it carried is sealed with the run, and kept nowhere else
      UPDATE execution.deliveries d SET state = CASE WHEN c.because IS NULL THEN 'started' ELSE 'dropped' END, dropped_because = c.because, handled_at = clock_timestamp(), payload = '{}'
        FROM ${recordset('c', CLOSED_COLUMNS, FIRST_CLOSED)}
       WHERE d.tenant_id = c.tenant_id AND d.id = c.id AND d.state = 'accepted'
    ), ${contentStep(FIRST_CONTENT)}, ${auditStep(FIRST_EVENT)}
    SELECT events FROM audited`,
};

/** Writes the steps of new runs, what became of the deliveries, and the events of both. */
export async function finishDeliveries(tx: Transaction, runs: readonly NewRun[], closed: readonly ClosedDelivery[], events: readonly NewAuditEvent[], at: Date): Promise<void> {
  if (closed.length === 0) return;
  await tx.rows(finishIntake, [
    ...columnsOf(STEP_COLUMNS, runs.flatMap((run) => run.steps.map((step) => ({ run, step })))), ...columnsOf(CLOSED_COLUMNS, closed),
    ...contentValues(runs.map((run) => run.trigger)), ...auditValues([...runs.map((run) => run.created), ...events], at),
  ]);
}
