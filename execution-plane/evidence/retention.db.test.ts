import { afterEach, expect, it } from 'vitest';
import { shredExpired } from '../dispatch/repository-retention.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { sealAudit } from '../testing/repository-audit.ts';

let plant: Plant;
afterEach(() => plant.close());

const kept = async (): Promise<number> => (await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
  await shredExpired(tx, 1_000);
  return tx.one<{ count: number }>(sql('kept', 'SELECT count(*)::int AS count FROM execution.contents WHERE sealed IS NOT NULL'));
})).count;

const TENANT_KEEPS_NONE = `INSERT INTO control.retention_settings (tenant_id, content_days, set_by) VALUES ($1, 0, 'prn_x')`;

it.each<[string, { retentionDays?: number }]>([['in the cell', { retentionDays: 0 }], ['of the tenant', {}]])('where content is not kept %s, a run has it while it is open, and nothing is left of it once it is proven', async (_name, config) => {
  plant = await Plant.open();
  if (config.retentionDays === undefined) await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('keeps_none', TENANT_KEEPS_NONE), [plant.ids.tenantId]));
  const worker = await plant.startWorker(config);
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  expect(await kept(), 'somebody has still to decide on it').toBeGreaterThan(0);
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  await worker.stop();
  expect(await kept()).toBeGreaterThan(0);

  await sealAudit(plant);
  await plant.startWorker(config);
  await plant.until(async () => (await kept()) === 0 || null);
  const [content] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ sha256: string; size_bytes: number }>(sql('digests', 'SELECT sha256, size_bytes FROM execution.contents LIMIT 1')));
  expect(await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('inputs', 'SELECT FROM execution.decisions WHERE input_sealed IS NOT NULL')))).toEqual([]);
  expect(content).toMatchObject({ sha256: expect.stringMatching(/^sha256:/), size_bytes: expect.any(Number) });
}, 60_000);
