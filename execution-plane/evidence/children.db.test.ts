import { afterEach, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import { sealAudit } from '../testing/repository-audit.ts';
import { composeFiles } from './compose.ts';
import { listDueRuns, readRunRecord, storeEvidence } from './repository.ts';

let plant: Plant;
afterEach(() => plant.close());

const PARENT = { ...TRIAGE, steps: [step({ id: 'start', uses: 'workflow/child', with: { record: '${{ trigger.id }}' } })] };
const CHILD = { ...TRIAGE, name: 'child', trigger: 'manual' as const, steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } })] };

it('the evidence of a run is built after that of the runs that it has started, and names them by digest', async () => {
  plant = await Plant.open([PARENT, CHILD]);
  const worker = await plant.startWorker();
  await plant.raise('printers');
  const [parent, child] = await plant.until(async () => {
    const runs = await plant.runs();
    return runs.length === 2 && runs.every(({ state }) => state === 'succeeded') ? runs : null;
  });
  await worker.stop();
  await sealAudit(plant);

  const { tenantId } = plant.ids;
  const due = (): Promise<string[]> => plant.database.execution.forTenant(tenantId, (tx) => listDueRuns(tx, 10));
  expect(await due()).toEqual([child!.id]);
  await plant.database.execution.forTenant(tenantId, (tx) => storeEvidence(tx, { tenantId, id: newId('evidence'), runId: child!.id, objectKey: 'k', sha256: 'a'.repeat(64), sizeBytes: 1, kid: 'k', statementSha256: 'b'.repeat(64) }));
  expect(await due()).toEqual([parent!.id]);

  const record = (await plant.database.execution.forTenant(tenantId, (tx) => readRunRecord(tx, parent!.id)))!;
  const files = composeFiles(record, new Map());
  const read = (name: string): Record<string, unknown> => JSON.parse(Buffer.from(files.get(name)!).toString('utf8')) as Record<string, unknown>;
  const named = { run_id: child!.id, evidence_sha256: 'a'.repeat(64) };
  expect(read('run.json')).toMatchObject({ id: parent!.id, parent_run_id: null, engine_version: 1, children: [{ ...named, step_key: 'start', workflow_name: 'child', workflow_version: 1, state: 'succeeded' }] });
  expect(read('costs.json')).toMatchObject({ children: [{ ...named, total_usd: expect.stringMatching(/^\d+\.\d{9}$/) as unknown }] });
});
