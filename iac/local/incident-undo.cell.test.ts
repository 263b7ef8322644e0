import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellApi } from './cell/cell-api.ts';
import type { SandboxClient } from './demo/sandbox-client.ts';
import { anotherPersonOf } from './testing/another-person.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest } from './testing/cell-under-test.ts';

/** An operator takes back an update by the seeded workflow `incident-undo`: with what the update's run shows, and an approval of its own. */

type Run = components['schemas']['Run'];

const UPDATE = `
apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: set-network, description: Files an incident under Network }
spec:
  trigger: manual
  steps:
    - id: update
      uses: servicenow/incident.update
      with: { sys_id: "\${{ trigger.sys_id }}", category: network, urgency: "1", work_note: Filed under Network. }
`;

let cell: CellUnderTest;
let api: CellApi;
let operator: CellApi;
let sandbox: SandboxClient;

beforeAll(async () => {
  cell = await CellUnderTest.start();
  ({ api, sandbox } = await apiOf(cell));
  operator = await anotherPersonOf(cell, 'operator');
  const published = await api.publishWorkflow(UPDATE);
  await api.activateWorkflow(published.workflow_id, 'prod', published.version);
}, 120_000);
afterAll(() => cell.dispose(), 60_000);

const known = new Set<string>();

/** An operator starts a run, somebody else approves what it asks for. Gives it when it has ended, with what was approved. */
async function approvedRun(workflow: string, trigger: Record<string, unknown>): Promise<{ run: Run; approved: Array<components['schemas']['Approval']> }> {
  await operator.startRun({ workflow, environment: 'prod', trigger });
  const id = await eventually(async () => (await api.runs({ limit: 50 })).items.find((run) => run.workflow_name === workflow && !known.has(run.id))?.id);
  known.add(id);
  const run = await eventually(async () => {
    const open = (await api.approvals(id)).items.find(({ state }) => state === 'pending');
    if (open !== undefined) await api.vote(open.id, open.action_digest);
    const now = await api.run(id);
    return ['succeeded', 'failed', 'cancelled'].includes(now.state) ? now : undefined;
  });
  return { run, approved: (await api.approvals(id)).items };
}

it('puts the incident back, says so in a note, and cannot do it twice', async () => {
  const [ticket] = await sandbox.raise(1);
  const before = await sandbox.incident(ticket!.sys_id);
  const { run: updated } = await approvedRun('set-network', { sys_id: ticket!.sys_id });
  expect(updated).toMatchObject({ state: 'succeeded' });
  expect(await sandbox.incident(ticket!.sys_id)).toMatchObject({ category: 'network', urgency: '1' });
  const undo = (updated.steps.find(({ id, key }) => (key ?? id) === 'update')!.output as { undo: object }).undo;

  const { run, approved } = await approvedRun('incident-undo', { undo, reason: 'It was the printer after all.' });
  expect(run).toMatchObject({ state: 'succeeded' });
  expect(approved).toMatchObject([{ state: 'consumed', action_document: { action: 'incident.undo-update' } }]);
  const after = await sandbox.incident(ticket!.sys_id);
  for (const field of ['category', 'subcategory', 'impact', 'urgency', 'priority', 'assignment_group']) expect(after[field], field).toBe(before[field]);
  const [note] = await sandbox.workNotes(ticket!.sys_id, run.id);
  expect(note).toContain('It was the printer after all.');
  expect(note).toContain(updated.id);
  expect(await sandbox.workNotes(ticket!.sys_id, updated.id)).toHaveLength(2);

  const { run: again } = await approvedRun('incident-undo', { undo });
  expect(again).toMatchObject({ state: 'failed', error: { code: 'target_changed' } });
}, 120_000);
