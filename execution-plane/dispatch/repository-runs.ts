import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import { texts } from '@countersign/platform/postgres/arrays.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { ItemRules } from '../engine/run-graph.ts';

/** A run with its steps, as they are while this transaction holds the run's lock. */
export interface LockedRun {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly state: RunState;
  readonly workflowName: string;
  readonly engineVersion: number;
  /** Its deadline is why it is being cancelled. */
  readonly overdue: boolean;
  /** A person paused it: nothing new begins. */
  readonly paused: boolean;
  readonly steps: readonly LockedStep[];
}

export interface LockedStep {
  readonly id: string;
  readonly key: string;
  readonly uses: string;
  readonly needs: readonly string[];
  readonly state: StepState;
  readonly fence: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly approvalId: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Of a map whose items are planned. */
  readonly itemRules: ItemRules | null;
}

/** What was fixed when the run began; the same for every claim of its steps. */
export interface RunFacts {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflowVersion: number; readonly workflowDigest: string };
  /** Whose functions decide about it: `engine/versions.ts`. */
  readonly engineVersion: number;
  readonly definition: WorkflowDefinition;
  readonly pins: RunPins;
  readonly triggerKind: string;
  readonly triggerContentId: string | null;
  readonly subject: string | null;
  /** The trace that its event was part of (W3C), where the sender told of one. */
  readonly traceparent?: string | null;
}

/** The `pins` column: what this run goes on with, whatever is published meanwhile. */
export interface RunPins {
  readonly policy_bundle_seq?: number | null;
  readonly connectors?: Readonly<Record<string, { readonly version: string; readonly manifest_digest: string }>>;
  readonly models?: Readonly<Record<string, { readonly use: string; readonly fallback?: readonly string[] }>>;
  /** Which version of each workflow its steps `workflow/<name>` start. */
  readonly workflows?: Readonly<Record<string, { readonly workflow_id: string; readonly version: number }>>;
  /** Prompts and schemas of the version: path -> digest. */
  readonly files?: Readonly<Record<string, string>>;
  readonly trigger?: { readonly connector: string; readonly instance_id: string; readonly instance_name: string } | null;
}

// Two statements: a lock that had to wait must be followed by a fresh look, or a parallel step that ended meanwhile is not seen.
const RUN = `tenant_id, id, workspace_id, state, workflow_name, engine_version, state = 'cancelling' AND coalesce(error->>'code' = 'deadline_exceeded', false) AS overdue,
           paused_at IS NOT NULL AS paused`;

const lockRun: Statement = {
  name: 'runs.lock',
  text: `
    SELECT ${RUN}
      FROM execution.runs WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`,
};

const lockRuns: Statement = {
  name: 'runs.lock_many',
  text: `
    SELECT ${RUN}
      FROM execution.runs WHERE (tenant_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY tenant_id, id
       FOR NO KEY UPDATE SKIP LOCKED`,
};

const STEP = 'run_id, id, key, uses, needs, state, fence::text AS fence, attempt, max_attempts, approval_id, error, item_rules';

/** An item whose steps have all succeeded, or were skipped, decides nothing any more: `settleItems` does not miss it. */
function matters(ofTheRuns: string): string {
  // Said of the inner steps too, so that whichever way this is planned no other run is read.
  return `(s.map_step_id IS NULL OR s.state NOT IN ('succeeded', 'skipped') OR (s.map_step_id, s.item_index) IN (
         SELECT o.map_step_id, o.item_index FROM execution.steps o WHERE ${ofTheRuns} AND o.map_step_id IS NOT NULL AND o.state NOT IN ('succeeded', 'skipped')))`;
}

// By OFFSET 0 each run is looked at by its key; without, the planner may begin with everything that its tenant has.
const OF_EACH = 'FROM unnest($1::text[], $2::text[]) AS of(tenant_id, run_id) CROSS JOIN LATERAL';

const stepsOfRun: Statement = {
  name: 'runs.steps',
  text: `
    SELECT ${STEP}
      FROM execution.steps s WHERE tenant_id = $1 AND run_id = $2 AND ${matters('tenant_id = $1 AND run_id = $2')} ORDER BY ordinal`,
};

const stepsOfRuns: Statement = {
  name: 'runs.steps_of_many',
  text: `
    SELECT each.* ${OF_EACH} (
      SELECT ${STEP} FROM execution.steps s
       WHERE tenant_id = of.tenant_id AND s.run_id = of.run_id AND ${matters('o.tenant_id = of.tenant_id AND o.run_id = of.run_id')} ORDER BY ordinal OFFSET 0) each`,
};

interface RunRow {
  tenant_id: string; id: string; workspace_id: string; state: RunState; workflow_name: string; engine_version: number; overdue: boolean; paused: boolean;
}

interface StepRow {
  run_id: string; id: string; key: string; uses: string; needs: string[]; state: StepState; fence: string; attempt: number; max_attempts: number;
  approval_id: string | null; error: LockedStep['error']; item_rules: ItemRules | null;
}

/** Takes the run's lock: whoever moves a step of it takes this first, so that two that end at once settle one after the other. */
export async function lockRunWithSteps(tx: Transaction, tenantId: string, runId: string): Promise<LockedRun | null> {
  const run = await tx.maybeOne<RunRow>(lockRun, [tenantId, runId]);
  return run === undefined ? null : lockedRun(run, await tx.rows<StepRow>(stepsOfRun, [tenantId, runId]));
}

/** The same for many at once, in one order for everybody. A run that is just being moved is left out: it is there at the next look. */
export async function lockRunsWithSteps(tx: Transaction, runs: ReadonlyArray<{ readonly tenantId: string; readonly runId: string }>): Promise<LockedRun[]> {
  const locked = await tx.rows<RunRow>(lockRuns, [runs.map((run) => run.tenantId), runs.map((run) => run.runId)]);
  if (locked.length === 0) return [];
  const steps = Map.groupBy(await tx.rows<StepRow>(stepsOfRuns, [locked.map((run) => run.tenant_id), locked.map((run) => run.id)]), (step) => step.run_id);
  return locked.map((run) => lockedRun(run, steps.get(run.id) ?? []));
}

const runsAsTheyAre: Statement = { name: 'runs.as_they_are', text: `SELECT each.* ${OF_EACH} (SELECT ${RUN} FROM execution.runs r WHERE r.tenant_id = of.tenant_id AND r.id = of.run_id OFFSET 0) each` };

function lockedRun(run: RunRow, steps: readonly StepRow[]): LockedRun {
  return {
    tenantId: run.tenant_id, id: run.id, workspaceId: run.workspace_id, state: run.state, workflowName: run.workflow_name, engineVersion: run.engine_version,
    overdue: run.overdue, paused: run.paused,
    steps: steps.map(({ run_id: _of, max_attempts, approval_id, item_rules, ...step }) => ({ ...step, maxAttempts: max_attempts, approvalId: approval_id, itemRules: item_rules })),
  };
}

const contentsOf = (runs: string, steps: string): string => `
    SELECT r.id AS run_id, NULL AS step_key, c.id, c.sealed, c.labels, r.trigger_part_labels AS part_labels
      FROM execution.runs r JOIN execution.contents c ON c.tenant_id = r.tenant_id AND c.id = r.trigger_content_id
     WHERE ${runs}
    UNION ALL
    SELECT s.run_id, s.key, c.id, c.sealed, s.output_labels, s.output_part_labels
      FROM execution.steps s JOIN execution.contents c ON c.tenant_id = s.tenant_id AND c.id = s.output_content_id
     WHERE ${steps} AND s.state = 'succeeded'
       -- what the items of a map gave is read by their own steps, and by the map
       AND s.map_step_id IS NULL`;

const runContents: Statement = { name: 'runs.contents', text: contentsOf('r.tenant_id = $1 AND r.id = $2', 's.tenant_id = $1 AND s.run_id = $2') };

const contentsOfRuns: Statement = {
  name: 'runs.contents_of_many',
  text: `SELECT each.* ${OF_EACH} (${contentsOf('r.tenant_id = of.tenant_id AND r.id = of.run_id', 's.tenant_id = of.tenant_id AND s.run_id = of.run_id')} OFFSET 0) each`,
};

export interface RunContentRow {
  readonly run_id: string;
  /** Null for the trigger. */
  readonly step_key: string | null;
  readonly id: string;
  readonly sealed: Buffer | null;
  readonly labels: string[];
  /** Where its parts have labels of their own. */
  readonly part_labels: PartLabels | null;
}

/** A run as it was without its lock, and what its steps may read. `run` is null where there is none. */
export interface RunLook {
  readonly run: LockedRun | null;
  readonly contents: readonly RunContentRow[];
}

/** Runs as they are now, without their locks, in the order asked: whoever decides on them writes only while they are still so (`commit/`). */
export async function readRunsWithContents(database: Database, asked: ReadonlyArray<{ readonly tenantId: string; readonly runId: string }>): Promise<RunLook[]> {
  const values = [texts(asked.map((run) => run.tenantId)), texts(asked.map((run) => run.runId))];
  const tenantIds = [...new Set(asked.map((run) => run.tenantId))];
  const [runs = [], steps = [], contents = []] = await database.atOnce(tenantIds, [{ statement: runsAsTheyAre, values }, { statement: stepsOfRuns, values }, { statement: contentsOfRuns, values }]);
  const stepsOf = Map.groupBy(steps as StepRow[], (step) => step.run_id);
  const contentsOf = Map.groupBy(contents as RunContentRow[], (content) => content.run_id);
  const found = new Map((runs as RunRow[]).map((run) => [run.id, lockedRun(run, stepsOf.get(run.id) ?? [])]));
  return asked.map(({ runId }) => ({ run: found.get(runId) ?? null, contents: contentsOf.get(runId) ?? [] }));
}

export function readRunContents(tx: Transaction, tenantId: string, runId: string): Promise<RunContentRow[]> {
  return tx.rows<RunContentRow>(runContents, [tenantId, runId]);
}
