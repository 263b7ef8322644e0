import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { PlaceIds } from './queries.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** What the gateway asks about a read in this place. */
export function policyInputOf({ tenantId, workspaceId, environmentId, instanceId }: PlaceIds): PolicyInput {
  return {
    tenant: { id: tenantId, slug: 'plant' }, workspace: { id: workspaceId, slug: 'desk' }, environment: { id: environmentId, name: 'prod' },
    run: { id: 'run_1', workflow: 'triage', workflow_version: 1, workflow_digest: DIGEST, autonomy: 'supervised' }, step: { id: 'stp_1', key: 'read', attempt: 1 }, call: { id: 'stp_1/main' },
    principal: { id: 'workflow:triage', kind: 'workflow' },
    action: {
      connector: 'ledger', name: 'record.get', connector_version: '1.0.0', risk: 'read', reversible: true, idempotent: true, digest: DIGEST, sensitive_parameters: [], data_classes: [],
    },
    instance: { id: instanceId, name: 'books' }, parameters: {}, labels: {}, model: null, approvals: [], time: '2026-11-21T09:00:00.000Z',
    local_time: { zone: 'UTC', date: '2026-11-21', weekday: 'saturday', hour: 9, minute: 0 }, kill_switches: [],
  };
}
