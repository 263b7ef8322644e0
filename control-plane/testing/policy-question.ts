import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { TestTenant } from './control-plane-under-test.ts';

/** A call that reads, as the gateway asks policy about it in the environment of `tenant`. */
export function policyQuestion({ tenantId, workspaceId, environmentId }: TestTenant, action: string): PolicyInput {
  return {
    tenant: { id: tenantId, slug: 'acme' }, workspace: { id: workspaceId, slug: 'operations' }, environment: { id: environmentId, name: 'prod' },
    run: { id: 'run_1', workflow: 'incident-triage', workflow_version: 1, workflow_digest: `sha256:${'0'.repeat(64)}`, autonomy: 'supervised' },
    step: { id: 'stp_1', key: 'look', attempt: 1 }, call: { id: 'call_1' }, principal: { id: 'prn_1', kind: 'workflow' },
    action: { connector: 'desk', name: action, connector_version: '1.0.0', risk: 'read', reversible: true, idempotent: true, digest: `sha256:${'1'.repeat(64)}`, sensitive_parameters: [], data_classes: [] },
    instance: { id: 'ins_1', name: 'desk' }, parameters: {}, labels: {}, model: null, approvals: [], kill_switches: [],
    time: '2026-11-21T09:00:00.000Z', local_time: { zone: 'UTC', date: '2026-11-21', weekday: 'saturday', hour: 9, minute: 0 },
  };
}
