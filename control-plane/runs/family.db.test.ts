import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedRun } from '../testing/seeded-run.ts';
import type { SeededRun } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

/** A run that a step of `parent` started, as a worker writes it. */
async function seedChild(parent: SeededRun, costUsd: string): Promise<SeededRun> {
  const [runId, stepId] = [newId('run'), newId('step')];
  await plane.database.execution.forTenant(plane.tenant.tenantId, async (tx) => {
    await tx.change({ name: 'seed.child', text: `INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, parent_run_id, parent_step_id, depth, cost_usd)
      SELECT tenant_id, $3, workspace_id, environment_id, 'wfl_child', 'child', 3, 'sha256:00', '{}', 'workflow', $4, id, $4, depth + 1, $5 FROM execution.runs WHERE tenant_id = $1 AND id = $2` }, [plane.tenant.tenantId, parent.runId, runId, parent.stepId, costUsd]);
    await tx.change({ name: 'seed.child_step', text: `INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) VALUES ($1, $2, $3, 'inner', 0, 'workflow/grandchild', 'ready')` }, [plane.tenant.tenantId, stepId, runId]);
  });
  return { runId, stepId };
}

test('a run names what started it, what it has started, and what all of that cost', async () => {
  const parent = await seedRun(plane);
  await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: 'seed.cost', text: `UPDATE execution.runs SET cost_usd = 0.5 WHERE tenant_id = $1 AND id = $2` }, [plane.tenant.tenantId, parent.runId]));
  const child = await seedChild(parent, '0.000000002');
  const grandchild = await seedChild(child, '0.25');

  const read = async (id: string): Promise<Record<string, unknown>> => (await plane.api('GET', `/api/v1/runs/${id}`)).body;
  expect(await read(parent.runId)).toMatchObject({
    parent: null, deadline_at: null, cost_usd: '0.500000000', cost_with_children_usd: '0.750000002',
    children: [{ run_id: child.runId, workflow_name: 'child', workflow_version: 3, step_key: 'update', state: 'queued', cost_usd: '0.000000002', finished_at: null }],
    steps: [{ deadline_at: null, map_step_id: null, item_index: null }],
  });
  expect(await read(grandchild.runId)).toMatchObject({ parent: { run_id: child.runId, workflow_name: 'child', step_key: 'inner' }, children: [], cost_with_children_usd: '0.250000000' });
});
