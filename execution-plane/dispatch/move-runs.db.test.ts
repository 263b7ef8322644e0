import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { moveRuns } from './move-runs.ts';
import type { WantedMove } from './move-runs.ts';
import { reclaim } from './reclaim.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

const parts = () => ({ database: plant.database.execution, changes: { changed: () => undefined, stepsReady: () => undefined }, clock: systemClock, worker: 'sweeper' });
const states = async (): Promise<Record<string, string>> => Object.fromEntries((await plant.database.execution.forTenant(plant.ids.tenantId, (tx) =>
  tx.rows<{ id: string; state: string }>(sql('states', 'SELECT id, state FROM execution.steps')))).map((row) => [row.id, row.state]));

/** A run whose worker is gone, and the move that takes its step back. */
async function abandoned(): Promise<WantedMove & { readonly stepId: string }> {
  const call = await leasedCall(plant);
  await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
    await tx.change(sql('begun', `UPDATE execution.runs SET state = 'running' WHERE id = $1`), [call.run.id]);
    await tx.change(sql('over', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE id = $1`), [call.step.id]);
  });
  return { tenantId: plant.ids.tenantId, runId: call.run.id, stepId: call.step.id, decide: (run) => reclaim(run, { stepId: call.step.id, fence: '1', effectUnknown: false, lease: 'expired' }) };
}

it('many runs move in one transaction, each step once however many workers sweep', async () => {
  const wanted = await Promise.all(Array.from({ length: 20 }, abandoned));
  let transactions = 0;
  plant.database.execution.pool.on('acquire', () => { transactions += 1; });
  await moveRuns(parts(), wanted);
  expect(transactions).toBe(1);
  await Promise.all([moveRuns(parts(), wanted), moveRuns(parts(), wanted)]);
  expect(Object.values(await states())).toEqual(wanted.map(() => 'ready'));
  const moved = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ id: string }>(sql('moved', `SELECT body::jsonb->'subject'->>'id' AS id FROM audit.events WHERE type = 'step.state_changed'`)));
  expect(moved.map((row) => row.id).toSorted()).toEqual(wanted.map((one) => one.stepId).toSorted());
});

it('what somebody else holds is left to the next turn, and keeps nobody waiting', async () => {
  const [held, free] = [await abandoned(), await abandoned()];
  await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
    await tx.rows(sql('hold', 'SELECT id FROM execution.runs WHERE id = $1 FOR UPDATE'), [held.runId]);
    await moveRuns(parts(), [held, free]);
    expect(await states()).toEqual({ [held.stepId]: 'leased', [free.stepId]: 'ready' });
  });
  await moveRuns(parts(), [held, free]);
  expect((await states())[held.stepId]).toBe('ready');
});

it('a run of which somebody was quicker does not keep the others', async () => {
  const [good, raced] = [await abandoned(), await abandoned()];
  // It was decided on a fence that the step has not: the whole statement would be refused.
  const wrong: WantedMove = { ...raced, decide: () => ({ steps: [{ id: raced.stepId, from: 'leased', to: 'ready', fence: '7', lease: 'expired' }] }) };
  await moveRuns(parts(), [good, wrong]);
  expect(await states()).toEqual({ [good.stepId]: 'ready', [raced.stepId]: 'leased' });
});
