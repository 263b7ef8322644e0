import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';
import type { PlaceIds } from './queries.ts';

/** Where calls are made; a `Plant` is one. */
export interface LeasePlace {
  readonly ids: PlaceIds;
  readonly database: { readonly execution: Database };
}

const insertRun = sql('leased_run', `
  INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key)
  VALUES ($1, $2, $3, $4, 'wfl_test', 'triage', 1, 'sha256:0', '{}', 'manual', $2)`);
const insertStep = sql('ready_step', `INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) VALUES ($1, $2, $3, $4, 0, 'servicenow/incident.update', 'ready')`);
const lease = sql('lease_step', `UPDATE execution.steps SET state = 'leased', fence = fence + 1, lease_owner = 'test', lease_expires_at = clock_timestamp() + interval '1 minute' WHERE tenant_id = $1 AND id = $2`);

/** The identity of a call of a step that is leased now, in a run of its own or beside another step of its run. */
export async function leasedCall({ ids, database }: LeasePlace, workspaceId = ids.workspaceId, beside?: CallIdentity): Promise<CallIdentity> {
  const runId = beside?.run.id ?? newId('run');
  const stepId = newId('step');
  const key = beside === undefined ? 'update' : `update_${stepId.slice(-6)}`;
  await database.execution.forTenant(ids.tenantId, async (tx) => {
    if (beside === undefined) await tx.change(insertRun, [ids.tenantId, runId, workspaceId, ids.environmentId]);
    await tx.change(insertStep, [ids.tenantId, stepId, runId, key]);
    await tx.change(lease, [ids.tenantId, stepId]);
  });
  return {
    tenant: { id: ids.tenantId, slug: 'plant' }, workspace: { id: workspaceId, slug: 'desk' }, environment: { id: ids.environmentId, name: 'prod' },
    run: { id: runId, workflow: 'triage', workflowVersion: 1, workflowDigest: 'sha256:0' }, step: { id: stepId, key, attempt: 1, fence: '1' }, callKey: 'main',
  };
}

/** The same step under the next fence, as another worker claims it. */
export async function claimAgain({ ids, database }: LeasePlace, call: CallIdentity): Promise<CallIdentity> {
  await database.execution.forTenant(ids.tenantId, (tx) => tx.change(lease, [ids.tenantId, call.step.id]));
  return { ...call, step: { ...call.step, attempt: call.step.attempt + 1, fence: String(Number(call.step.fence) + 1) } };
}
