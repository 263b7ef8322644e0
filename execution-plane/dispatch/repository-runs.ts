import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** A run with its steps, as they are while this transaction holds the run's lock. */
export interface LockedRun {
  readonly tenantId: string;
  readonly id: string;
  readonly workspaceId: string;
  readonly state: RunState;
  readonly workflowName: string;
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
}

/** What was fixed when the run began; the same for every claim of its steps. */
export interface RunFacts {
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string; readonly workflowVersion: number; readonly workflowDigest: string };
  readonly definition: WorkflowDefinition;
  readonly pins: RunPins;
  readonly triggerKind: string;
  readonly triggerContentId: string | null;
  readonly subject: string | null;
}

/** The `pins` column: what this run goes on with, whatever is published meanwhile. */
export interface RunPins {
  readonly policy_bundle_seq?: number | null;
  readonly connectors?: Readonly<Record<string, { readonly version: string; readonly manifest_digest: string }>>;
  readonly models?: Readonly<Record<string, { readonly use: string; readonly fallback?: readonly string[] }>>;
  /** Prompts and schemas of the version: path -> digest. */
  readonly files?: Readonly<Record<string, string>>;
  readonly trigger?: { readonly connector: string; readonly instance_id: string; readonly instance_name: string } | null;
}

// Two statements: a lock that had to wait must be followed by a fresh look, or a parallel step that ended meanwhile is not seen.
const lockRun: Statement = {
  name: 'runs.lock',
  text: 'SELECT workspace_id, state, workflow_name FROM execution.runs WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE',
};

const stepsOfRun: Statement = {
  name: 'runs.steps',
  text: `
    SELECT id, key, uses, needs, state, fence::text AS fence, attempt, max_attempts, approval_id, error
      FROM execution.steps WHERE tenant_id = $1 AND run_id = $2 ORDER BY ordinal`,
};

interface StepRow {
  id: string; key: string; uses: string; needs: string[]; state: StepState; fence: string; attempt: number; max_attempts: number;
  approval_id: string | null; error: LockedStep['error'];
}

/** Takes the run's lock: whoever moves a step of it takes this first, so that two that end at once settle one after the other. */
export async function lockRunWithSteps(tx: Transaction, tenantId: string, runId: string): Promise<LockedRun | null> {
  const run = await tx.maybeOne<{ workspace_id: string; state: RunState; workflow_name: string }>(lockRun, [tenantId, runId]);
  if (run === undefined) return null;
  const rows = await tx.rows<StepRow>(stepsOfRun, [tenantId, runId]);
  return {
    tenantId, id: runId, workspaceId: run.workspace_id, state: run.state, workflowName: run.workflow_name,
    steps: rows.map(({ max_attempts, approval_id, ...step }) => ({ ...step, maxAttempts: max_attempts, approvalId: approval_id })),
  };
}

const runContents: Statement = {
  name: 'runs.contents',
  text: `
    SELECT NULL AS step_key, c.id, c.sealed, c.labels
      FROM execution.runs r JOIN execution.contents c ON c.tenant_id = r.tenant_id AND c.id = r.trigger_content_id
     WHERE r.tenant_id = $1 AND r.id = $2
    UNION ALL
    SELECT s.key, c.id, c.sealed, s.output_labels
      FROM execution.steps s JOIN execution.contents c ON c.tenant_id = s.tenant_id AND c.id = s.output_content_id
     WHERE s.tenant_id = $1 AND s.run_id = $2 AND s.state = 'succeeded'`,
};

export interface RunContentRow {
  /** Null for the trigger. */
  readonly step_key: string | null;
  readonly id: string;
  readonly sealed: Buffer | null;
  readonly labels: string[];
}

export function readRunContents(tx: Transaction, tenantId: string, runId: string): Promise<RunContentRow[]> {
  return tx.rows<RunContentRow>(runContents, [tenantId, runId]);
}
