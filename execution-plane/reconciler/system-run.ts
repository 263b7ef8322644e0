import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { ensureSystemRun } from './queries.ts';
import type { DueInstance, PollLease } from './queries.ts';

const SYSTEM_DEFINITION = { api_version: 'countersign.dev/v1', name: 'reconciler', description: 'Finds events whose webhook was lost', trigger: 'manual', models: {}, steps: [] };
const SYSTEM_DIGEST = digestOf(SYSTEM_DEFINITION);

/** The run of an instance that every look for its events is made under, made where there is none yet. */
export async function beginSystemRun(tx: Transaction, instance: DueInstance, worker: string, at: Date): Promise<void> {
  const runId = newId('run');
  await ensureSystemRun(tx, instance, { runId, stepId: newId('step'), digest: SYSTEM_DIGEST, definition: SYSTEM_DEFINITION }, {
    type: 'run.created', tenant_id: instance.tenant_id, workspace_id: instance.workspace_id, run_id: runId, actor: { kind: 'worker', id: worker }, subject: { kind: 'run', id: runId },
    data: { workflow: 'reconciler', trigger_kind: 'system', instance_id: instance.instance_id },
  }, at);
}

/** Who makes a call of that run. */
export function systemIdentity(instance: DueInstance, lease: PollLease, callKey: string): CallIdentity {
  return {
    tenant: { id: instance.tenant_id, slug: instance.tenant_slug },
    workspace: { id: instance.workspace_id, slug: instance.workspace_slug },
    environment: { id: instance.environment_id, name: instance.environment_name },
    run: { id: lease.run_id, workflow: 'reconciler', workflowVersion: 1, workflowDigest: lease.workflow_digest },
    step: { id: lease.step_id, key: 'poll', attempt: 1, fence: lease.fence },
    callKey,
  };
}
