import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { TestTenant } from './control-plane-under-test.ts';

/** What the gateway would ask policy about one write of a desk ticket: everything that the contract asks for. */
export function policyInput({ tenantId, workspaceId, environmentId }: TestTenant, changes: Partial<PolicyInput> = {}): PolicyInput {
  return {
    tenant: { id: tenantId, slug: 'tests' },
    workspace: { id: workspaceId, slug: 'operations' },
    environment: { id: environmentId, name: 'prod' },
    run: { id: newId('run'), workflow: 'triage', workflow_version: 1, workflow_digest: `sha256:${'c'.repeat(64)}`, autonomy: 'supervised' },
    step: { id: newId('step'), key: 'update', attempt: 1 },
    call: { id: newId('tool_call') },
    principal: { id: 'workflow:triage', kind: 'workflow' },
    action: {
      connector: 'desk', name: 'ticket.update', connector_version: '1.0.0', risk: 'write', reversible: true, idempotent: true, digest: `sha256:${'a'.repeat(64)}`,
      sensitive_parameters: [], data_classes: [],
    },
    instance: { id: newId('connector_instance'), name: 'desk-prod' },
    parameters: { id: 'ticket-1', category: 'network' },
    labels: { '/id': ['trusted_system'], '/category': ['model_output'] },
    model: null,
    approvals: [],
    time: '2026-01-05T09:00:00Z',
    local_time: { zone: 'UTC', date: '2026-01-05', weekday: 'monday', hour: 9, minute: 0 },
    kill_switches: [],
    ...changes,
  };
}
