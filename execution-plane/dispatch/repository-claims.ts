import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { ENGINE_VERSIONS } from '../engine/versions.ts';
import type { RunFacts, RunPins } from './repository-runs.ts';

/** A step that may be claimed, locked by this transaction together with its run. */
export interface Claimable {
  readonly stepId: string;
  readonly key: string;
  readonly state: StepState;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: string;
  readonly runState: RunState;
  readonly facts: RunFacts;
}

const claimable: Statement = {
  name: 'steps.claimable',
  text: `
    SELECT s.id AS step_id, s.key, s.state, s.attempt, s.max_attempts, s.fence::text AS fence, ${runFacts('r')}, r.state AS run_state
      FROM execution.steps s
      JOIN execution.runs r ON r.tenant_id = s.tenant_id AND r.id = s.run_id
      JOIN control.tenant_directory t ON t.tenant_id = s.tenant_id
      JOIN control.workspaces w ON w.tenant_id = r.tenant_id AND w.id = r.workspace_id
      JOIN control.environments e ON e.tenant_id = r.tenant_id AND e.id = r.environment_id
     WHERE s.state IN ('ready', 'retrying', 'uncertain') AND s.available_at <= clock_timestamp()
       -- what is over its deadline is tried no more; an effect of unknown outcome is still found out about
       AND (s.deadline_at IS NULL OR s.deadline_at > clock_timestamp() OR s.state = 'uncertain')
       AND r.engine_version = ANY ($2::int[])
       -- nothing new begins in a paused run; one that is cancelled ends all the same
       AND (r.paused_at IS NULL OR r.state = 'cancelling')
     ORDER BY s.available_at, s.id
     LIMIT $1
     -- the run too, without waiting: a run that is just being moved is left for the next look
       FOR NO KEY UPDATE OF s, r SKIP LOCKED`,
};

function runFacts(r: string): string {
  return `${r}.tenant_id, t.slug AS tenant_slug, ${r}.workspace_id, w.slug AS workspace_slug, ${r}.environment_id, e.name AS environment_name,
           ${r}.id AS run_id, ${r}.workflow_name, ${r}.workflow_version, ${r}.workflow_digest, ${r}.definition, ${r}.pins, ${r}.trigger_kind, ${r}.trigger_content_id, ${r}.subject, ${r}.engine_version`;
}

interface ClaimableRow {
  step_id: string; key: string; state: StepState; attempt: number; max_attempts: number; fence: string; run_state: RunState;
  tenant_id: string; tenant_slug: string; workspace_id: string; workspace_slug: string; environment_id: string; environment_name: string;
  run_id: string; workflow_name: string; workflow_version: number; workflow_digest: string; definition: WorkflowDefinition; pins: RunPins;
  trigger_kind: string; trigger_content_id: string | null; subject: string | null; engine_version: number;
}

export async function lockClaimable(tx: Transaction, limit: number): Promise<Claimable[]> {
  const rows = await tx.rows<ClaimableRow>(claimable, [limit, ENGINE_VERSIONS]);
  return rows.map((row) => ({
    stepId: row.step_id, key: row.key, state: row.state, attempt: row.attempt, maxAttempts: row.max_attempts, fence: row.fence, runState: row.run_state,
    facts: {
      tenant: { id: row.tenant_id, slug: row.tenant_slug },
      workspace: { id: row.workspace_id, slug: row.workspace_slug },
      environment: { id: row.environment_id, name: row.environment_name },
      run: { id: row.run_id, workflow: row.workflow_name, workflowVersion: row.workflow_version, workflowDigest: row.workflow_digest },
      definition: row.definition, pins: row.pins, triggerKind: row.trigger_kind, triggerContentId: row.trigger_content_id, subject: row.subject, engineVersion: row.engine_version,
    },
  }));
}

const renewLeases: Statement = {
  name: 'steps.renew_leases',
  text: `
    UPDATE execution.steps s SET lease_expires_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS h(tenant_id, id, fence)
     WHERE s.tenant_id = h.tenant_id AND s.id = h.id AND s.fence = h.fence AND s.state = 'leased' AND s.lease_expires_at > clock_timestamp()
    RETURNING s.id`,
};

/** Extends the leases that are still held; gives the ids of their steps. What is missing from it was lost. */
export async function renew(tx: Transaction, held: ReadonlyArray<{ tenantId: string; stepId: string; fence: string }>, leaseMs: number): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>(renewLeases, [held.map((lease) => lease.tenantId), held.map((lease) => lease.stepId), held.map((lease) => lease.fence), leaseMs]);
  return new Set(rows.map((row) => row.id));
}
