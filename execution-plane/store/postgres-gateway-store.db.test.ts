import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayStoreConformance } from '@countersign/connectors/gateway/testing/store-conformance.ts';
import type { StoreHarness } from '@countersign/connectors/gateway/testing/store-conformance.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/ports.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Contents } from '../contents/contents.ts';
import { Plant } from '../testing/plant.ts';
import { sql, vote } from '../testing/queries.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';

let plant: Plant;
let keys: FileKeys;
beforeAll(async () => {
  plant = await Plant.open();
  keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
});
afterAll(() => plant.close());

const insertLeased = [
  sql('leased_run', `INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key)
    VALUES ($1, $2, $3, $4, 'wfl_test', 'triage', 1, 'sha256:0', '{}', 'manual', $2)`),
  sql('ready_step', `INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) VALUES ($1, $2, $3, 'update', 0, 'servicenow/incident.update', 'ready')`),
];
const lease = sql('lease_step', `UPDATE execution.steps SET state = 'leased', fence = fence + 1, lease_owner = 'test', lease_expires_at = clock_timestamp() + interval '1 minute' WHERE tenant_id = $1 AND id = $2`);

async function makeHarness(): Promise<StoreHarness> {
  const { ids, database } = plant;
  const inTenant = database.execution.forTenant.bind(database.execution, ids.tenantId);
  return {
    instanceId: ids.instanceId,
    store: new PostgresGatewayStore({
      database: database.execution, keys, contents: new Contents(keys, 14), clock: systemClock, worker: 'test', changes: { changed: () => undefined, stepsReady: () => undefined },
    }),
    async leasedCall(): Promise<CallIdentity> {
      const runId = newId('run');
      const stepId = newId('step');
      await inTenant(async (tx) => {
        await tx.change(insertLeased[0]!, [ids.tenantId, runId, ids.workspaceId, ids.environmentId]);
        await tx.change(insertLeased[1]!, [ids.tenantId, stepId, runId]);
        await tx.change(lease, [ids.tenantId, stepId]);
      });
      return {
        tenant: { id: ids.tenantId, slug: 'plant' }, workspace: { id: ids.workspaceId, slug: 'desk' }, environment: { id: ids.environmentId, name: 'prod' },
        run: { id: runId, workflow: 'triage', workflowVersion: 1, workflowDigest: 'sha256:0' }, step: { id: stepId, key: 'update', attempt: 1, fence: '1' }, callKey: 'main',
      };
    },
    async claimedAgain(call) {
      await inTenant((tx) => tx.change(lease, [ids.tenantId, call.step.id]));
      return { ...call, step: { ...call.step, attempt: call.step.attempt + 1, fence: String(Number(call.step.fence) + 1) } };
    },
    decide: (_call, approvalId, decision) => database.control.forTenant(ids.tenantId, (tx) => vote(tx, ids, approvalId, newId('vote'), decision === 'approved' ? 'approve' : 'reject')),
  };
}

gatewayStoreConformance('on Postgres', makeHarness);

describe('what the tables keep', () => {
  it('is sealed: no row of a run holds the text of an action or of an output', async () => {
    const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ text: string }>(sql('everything', `
      SELECT to_jsonb(c)::text AS text FROM execution.tool_calls c UNION ALL SELECT to_jsonb(d)::text FROM execution.decisions d
      UNION ALL SELECT to_jsonb(a)::text FROM control.approvals a UNION ALL SELECT to_jsonb(c)::text FROM execution.contents c UNION ALL SELECT body FROM audit.events`)));
    expect(rows.length).toBeGreaterThan(20);
    for (const { text } of rows) expect(text).not.toMatch(/a note|"two"/);
  });
});
