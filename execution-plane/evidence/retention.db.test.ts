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

it('where content is not kept, a run has it while it is open, and nothing is left of it once it is proven', async () => {
  plant = await Plant.open();
  const worker = await plant.startWorker({ retentionDays: 0 });
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  expect(await kept(), 'somebody has still to decide on it').toBeGreaterThan(0);
  await plant.vote(waiting.steps['change']!.approval_id!);
  await plant.untilRun((run) => run.state === 'succeeded');
  await worker.stop();
  expect(await kept()).toBeGreaterThan(0);

  await sealAudit(plant);
  await plant.startWorker({ retentionDays: 0 });
  await plant.until(async () => (await kept()) === 0 || null);
  const [content] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ sha256: string; size_bytes: number }>(sql('digests', 'SELECT sha256, size_bytes FROM execution.contents LIMIT 1')));
  expect(content).toMatchObject({ sha256: expect.stringMatching(/^sha256:/), size_bytes: expect.any(Number) });
}, 60_000);
