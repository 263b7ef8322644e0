import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Plant } from '../testing/plant.ts';
import { readLoggedDecisions, releaseKillSwitches, setKillSwitch } from '../testing/queries.ts';
import type { RunSnapshot } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

/** A run of a record of its own, once it is in one of these states. */
async function runOf(where: Plant, title: string, ...states: string[]): Promise<RunSnapshot> {
  const before = new Set((await where.runs()).map((run) => run.id));
  await where.raise(title);
  return where.until(async () => (await where.runs()).find((run) => !before.has(run.id) && states.includes(run.state)) ?? null);
}

it('a kill switch stops every call after it, lets the one under way end, and concerns nobody else', async () => {
  const other = await plant.openBeside();
  await plant.startWorker();
  const { ids: { tenantId, environmentId }, database } = plant;

  // A read is under way.
  plant.ledger.holdReads = true;
  const held = plant.ledger.requestHeld();
  await plant.raise('printers');
  await held;
  plant.ledger.holdReads = false;
  const [underWay] = await plant.runs();

  const id = newId('kill_switch');
  await database.control.forTenant(tenantId, (tx) => setKillSwitch(tx, tenantId, { id, scope: 'environment', targetId: environmentId }));
  // It binds as soon as what was read before it is too old.
  const stopped = await plant.until(async () => {
    const run = await runOf(plant, 'leave me', 'succeeded', 'failed');
    return run.state === 'failed' ? run : null;
  });
  expect(stopped).toMatchObject({ error: { code: 'policy_denied' }, steps: { read: { state: 'failed' } } });
  expect(await runOf(other, 'leave me', 'succeeded', 'failed')).toMatchObject({ state: 'succeeded' });

  plant.ledger.release();
  const ended = await plant.until(async () => (await plant.runs()).find((run) => run.id === underWay!.id && run.state === 'failed') ?? null);
  expect(ended.steps).toMatchObject({ read: { state: 'succeeded' }, change: { state: 'failed' } });
  expect(plant.ledger.effects).toEqual([]);

  const denials = (await database.execution.forTenant(tenantId, readLoggedDecisions)).filter((row) => row['outcome'] === 'DENY');
  expect(denials.length).toBeGreaterThan(1);
  // Why somebody set it is content: it is not in the log.
  for (const row of denials) expect(row).toMatchObject({ reasons: [{ rule: 'base/kill_switch' }], masked_input: { kill_switches: [{ id, scope: 'environment' }] }, erased: expect.arrayContaining(['/input/kill_switches/0/reason']) });

  await database.control.forTenant(tenantId, (tx) => releaseKillSwitches(tx, tenantId));
  await plant.until(async () => (await runOf(plant, 'leave me', 'succeeded', 'failed')).state === 'succeeded' || null);
}, 60_000);
