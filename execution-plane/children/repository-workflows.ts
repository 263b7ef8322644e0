import { workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { traceparentOf } from '@countersign/platform/telemetry/traceparent.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { RunFacts, RunPins } from '../dispatch/repository-runs.ts';
import { ENGINE_VERSION } from '../engine/versions.ts';
import type { ActiveWorkflow } from '../intake/queries.ts';
import { rankOf } from '../limits/limit-keys.ts';
import type { LimitKeys } from '../limits/limit-keys.ts';
import { runContext } from '../telemetry/run-spans.ts';

const activeVersions: Statement = {
  name: 'workflows.active_versions',
  text: `
    SELECT w.name, w.id AS workflow_id, a.version
      FROM control.workflow_activations a JOIN control.workflows w ON w.tenant_id = a.tenant_id AND w.id = a.workflow_id
     WHERE a.tenant_id = $1 AND a.environment_id = $2 AND a.enabled AND w.name = ANY ($3::text[])`,
};

/** Which versions the steps `workflow/<name>` of a fresh run start: those active in its environment now. What is missing is not active there. */
export async function readWorkflowPins(tx: Transaction, place: { readonly tenant_id: string; readonly environment_id: string }, { steps = [] }: WorkflowDefinition): Promise<NonNullable<RunPins['workflows']>> {
  const names = steps.flatMap((step) => [step, ...step.steps ?? []]).flatMap(({ uses }) => workflowStartedBy(uses) ?? []);
  if (names.length === 0) return {};
  const rows = await tx.rows<{ name: string; workflow_id: string; version: number }>(activeVersions, [place.tenant_id, place.environment_id, names]);
  return Object.fromEntries(rows.map(({ name, ...pin }) => [name, pin]));
}

const pinnedVersion: Statement = {
  name: 'workflows.pinned_version',
  text: `
    SELECT w.id, w.name, v.version, v.digest, v.definition
      FROM control.workflows w JOIN control.workflow_versions v ON v.tenant_id = w.tenant_id AND v.workflow_id = w.id
     WHERE w.tenant_id = $1 AND w.id = $2 AND v.version = $3`,
};

export function readPinnedVersion(tx: Transaction, tenantId: string, pin: { readonly workflow_id: string; readonly version: number }): Promise<ActiveWorkflow> {
  return tx.one<ActiveWorkflow>(pinnedVersion, [tenantId, pin.workflow_id, pin.version]);
}

const childOfStep: Statement = {
  name: 'runs.child_of_step',
  text: `
    SELECT p.depth, c.id, c.state, c.error,
           -- its failure was told to the step before: a person has redriven the step since
           EXISTS (SELECT FROM execution.step_attempts a WHERE a.tenant_id = s.tenant_id AND a.step_id = s.id AND a.result IN ('failed', 'dead') AND a.finished_at >= c.finished_at) AS told,
           s.deadline_at <= clock_timestamp() AS overdue
      FROM execution.steps s
      JOIN execution.runs p ON p.tenant_id = s.tenant_id AND p.id = s.run_id
      LEFT JOIN execution.runs c ON c.tenant_id = s.tenant_id AND c.parent_step_id = s.id
     WHERE s.tenant_id = $1 AND s.id = $2`,
};

export interface StepWithChild {
  /** Of the run that the step is of. */
  readonly depth: number;
  /** Of the run that it started; null where it has not. */
  readonly id: string | null;
  readonly state: 'queued' | 'running' | 'waiting' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled' | null;
  readonly error: { readonly code: string; readonly message: string; readonly step_key?: string } | null;
  readonly told: boolean;
  /** Null where the step has no deadline. */
  readonly overdue: boolean | null;
}

export function readChild(tx: Transaction, tenantId: string, stepId: string): Promise<StepWithChild> {
  return tx.one<StepWithChild>(childOfStep, [tenantId, stepId]);
}

const insertChild: Statement = {
  name: 'runs.insert_child',
  text: `
    INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, pins,
      trigger_kind, trigger_key, trigger_content_id, trigger_part_labels, parent_run_id, parent_step_id, depth, engine_version, deadline_ms,
      -- a limit of its workflow holds for it as for every other run: it waits for its turn
      concurrency_key, rate_key, admitted_at,
      -- it is about what its parent is about, and came of the same event; in a trace it is part of its parent
      -- it is paused with a parent that was paused meanwhile
      paused_at, paused_by, pause_reason,
      priority, delivery_id, subject, subject_label, traceparent, event_at)
    SELECT p.tenant_id, $3, p.workspace_id, p.environment_id, $5, $6, $7, $8, $9, $10, 'workflow', $4, $11, $12, p.id, $4, p.depth + 1, $13, $14,
           $15, $16, CASE WHEN $15 = '' AND $16 = '' THEN clock_timestamp() END, p.paused_at, p.paused_by, p.pause_reason, coalesce($17, p.priority),
           p.delivery_id, p.subject, p.subject_label, $18, p.event_at
      FROM execution.runs p WHERE p.tenant_id = $1 AND p.id = $2`,
};

export interface NewChild {
  readonly id: string;
  readonly parentStepId: string;
  readonly workflow: ActiveWorkflow;
  readonly pins: RunPins;
  readonly trigger: SealedContent;
  readonly triggerParts: PartLabels;
  readonly limits: LimitKeys;
}

export async function insertChildRow(tx: Transaction, parent: RunFacts, { id, parentStepId, workflow, pins, trigger, triggerParts, limits }: NewChild): Promise<void> {
  await tx.change(insertChild, [
    parent.tenant.id, parent.run.id, id, parentStepId, workflow.id, workflow.name, workflow.version, workflow.digest, JSON.stringify(workflow.definition), JSON.stringify(pins),
    trigger.id, JSON.stringify(triggerParts), ENGINE_VERSION, workflow.definition.deadline_ms ?? null,
    limits.concurrency_key, limits.rate_key, workflow.definition.priority === undefined ? null : rankOf(workflow.definition),
    traceparentOf(runContext(parent)),
  ]);
}

const factsOfRun: Statement = {
  name: 'runs.child_facts',
  text: `SELECT workflow_name, workflow_version, workflow_digest, engine_version, definition, pins, trigger_kind, trigger_content_id, subject, traceparent FROM execution.runs WHERE tenant_id = $1 AND id = $2`,
};

interface FactsRow {
  workflow_name: string; workflow_version: number; workflow_digest: string; engine_version: number; definition: WorkflowDefinition; pins: RunPins;
  trigger_kind: string; trigger_content_id: string | null; subject: string | null; traceparent: string | null;
}

/** What was fixed when a run began that stands in the same place as its parent. */
export async function readChildFacts(tx: Transaction, { tenant, workspace, environment }: RunFacts, id: string): Promise<RunFacts> {
  const row = await tx.one<FactsRow>(factsOfRun, [tenant.id, id]);
  return {
    tenant, workspace, environment, run: { id, workflow: row.workflow_name, workflowVersion: row.workflow_version, workflowDigest: row.workflow_digest },
    engineVersion: row.engine_version, definition: row.definition, pins: row.pins, triggerKind: row.trigger_kind, triggerContentId: row.trigger_content_id, subject: row.subject, traceparent: row.traceparent,
  };
}
