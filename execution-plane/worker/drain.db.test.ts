import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Plant } from '../testing/plant.ts';
import { readAttempts, readWorkers } from '../testing/repository-drain.ts';
import { terminate, WorkerProcesses } from '../testing/worker-processes.ts';

/** Longer than any test: a step that is taken up again before it was given back, not found by its lease. */
const LONG_LEASE = { COUNTERSIGN_LEASE_MS: '600000' };

let plant: Plant;
let workers: WorkerProcesses;
beforeEach(async () => {
  plant = await Plant.open();
  workers = new WorkerProcesses(plant);
}, 120_000);
afterEach(async () => {
  plant.ledger.release();
  await workers.killAll();
  await plant.close();
}, 120_000);

async function untilHeld(title: string): Promise<void> {
  const held = plant.ledger.requestHeld();
  await plant.raise(title);
  await held;
}

describe('a worker process that is told to stop', () => {
  it('lets the step under way end, is seen to drain, begins nothing more, and leaves the rest to others', async () => {
    plant.ledger.holdReads = true;
    const first = await workers.start('first', { ...LONG_LEASE, COUNTERSIGN_DRAIN_MS: '60000' });
    await untilHeld('leave me');
    const stopped = terminate(first);
    await plant.until(async () => (await readWorkers(plant)).find((worker) => worker.id === 'first' && worker.draining) ?? null);
    await workers.start('second', LONG_LEASE);
    plant.ledger.holdReads = false;
    plant.ledger.release();
    expect(await stopped).toBe(0);
    const run = await plant.untilRun((one) => one.state === 'succeeded');
    expect(run.steps['read']).toMatchObject({ attempt: 1, fence: '1' });
    expect(await readAttempts(plant)).toEqual([{ key: 'read', worker: 'first', result: 'succeeded' }]);
    expect((await readWorkers(plant)).map((worker) => worker.id)).toEqual(['second']);
  }, 240_000);

  it('gives a step that takes longer than it may back at once: no lease is waited for and no attempt is lost', async () => {
    plant.ledger.holdReads = true;
    const first = await workers.start('first', { ...LONG_LEASE, COUNTERSIGN_DRAIN_MS: '0' });
    await untilHeld('leave me');
    expect(await terminate(first)).toBe(0);
    plant.ledger.holdReads = false;
    await workers.start('second', LONG_LEASE);
    const run = await plant.untilRun((one) => one.state === 'succeeded');
    expect(run.steps['read']).toMatchObject({ attempt: 1, fence: '2' });
    expect((await readAttempts(plant)).map((attempt) => attempt.worker)).toEqual(['first', 'second']);
  }, 240_000);
});

describe('more worker processes', () => {
  it('share the work, and may be replaced one after the other while it goes on', async () => {
    const titles = Array.from({ length: 16 }, (_, i) => `rec-${i}`);
    let running = await Promise.all(['a', 'b'].map((id) => workers.start(id, LONG_LEASE)));
    const raising = titles.map((id) => plant.raise('leave me', id));
    for (const id of ['c', 'd']) {
      const next = await workers.start(id, LONG_LEASE);
      const [old, ...others] = running;
      expect(await terminate(old!)).toBe(0);
      running = [...others, next];
    }
    await Promise.all(raising);
    const runs = await plant.until(async () => {
      const all = await plant.runs();
      return all.filter((run) => run.state === 'succeeded').length === titles.length ? all : null;
    });
    // Nobody was lost with what it held: every read succeeded at its first attempt.
    expect(new Set(runs.map((run) => run.steps['read']!.attempt))).toEqual(new Set([1]));
    expect(new Set((await readAttempts(plant)).map((attempt) => attempt.worker)).size).toBeGreaterThan(1);
  }, 240_000);
});
