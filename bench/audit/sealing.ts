import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { seedPlace } from '../growth/place.ts';
import { newEvents } from './events.ts';
import type { NewEvent } from './events.ts';
import { appendEvents, countPending, eventIsSealed, insertPlainly } from './repository-audit.ts';
import type { ChainFigures } from './report.ts';
import { startSealer } from './sealer.ts';
import { median, quantile } from './statistics.ts';
import type { World } from './world.ts';

const BATCH = 200;
const WRITERS = 2;
/** How exactly the moment is known at which the last event was sealed. */
const LOOK_EVERY_MS = 5;

/** Three ways to write the same events, in turns, each for a tenant of its own, so that what slows the machine slows all of them. */
export async function measureSealing(chains: number, { rounds, events }: { rounds: number; events: number }, world: World): Promise<ChainFigures> {
  const taken: Array<{ plain: number; appended: number; sealed: number }> = [];
  for (let round = 0; round < rounds; round += 1) {
    const plain = await perSecond(chains, events, world, (batch, tenantId) => insertPlainly(world.execution, tenantId, batch));
    const appended = await perSecond(chains, events, world, (batch, tenantId) => appendEvents(world.execution, tenantId, batch));
    const sealer = await startSealer(world);
    const sealed = await perSecond(chains, events, world, async (batch, tenantId) => {
      await appendEvents(world.execution, tenantId, batch);
      sealer.wake(tenantId);
    }, async (tenantId) => {
      while (await countPending(world.control, tenantId) > 0) await pause(LOOK_EVERY_MS);
    });
    await sealer.stop();
    taken.push({ plain, appended, sealed });
  }
  return {
    chains, plain_per_s: median(taken.map(({ plain }) => plain)), appended_per_s: median(taken.map(({ appended }) => appended)), sealed_per_s: median(taken.map(({ sealed }) => sealed)),
    ratio: median(taken.map(({ plain, sealed }) => sealed / plain)),
  };
}

/** The events are there before the clock runs: what it costs to make them is not an insert's. */
async function perSecond(chains: number, events: number, world: World, write: (batch: readonly NewEvent[], tenantId: string) => Promise<void>, untilDone: (tenantId: string) => Promise<void> = async () => undefined): Promise<number> {
  const { tenantId } = await seedPlace(world.control, `bench-${newId('tenant').slice(-8)}`);
  const workspaces = Array.from({ length: chains }, () => newId('workspace'));
  const batches = Array.from({ length: Math.ceil(events / BATCH) }, (_, n) => newEvents(tenantId, workspaces, n * BATCH, Math.min(BATCH, events - n * BATCH)));
  const began = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await write(batch, tenantId);
  }));
  await untilDone(tenantId);
  return events / ((performance.now() - began) / 1_000);
}

/** One event at a time, of one tenant: from its commit until somebody else sees that it is sealed. */
export async function measureLatency(count: number, world: World): Promise<{ p50: number; p99: number }> {
  const { tenantId, workspaceId } = await seedPlace(world.control, 'bench-latency');
  const sealer = await startSealer(world);
  const taken_ms: number[] = [];
  for (const event of newEvents(tenantId, [workspaceId], 0, count)) {
    await appendEvents(world.execution, tenantId, [event]);
    const committed = performance.now();
    sealer.wake(tenantId);
    while (!await eventIsSealed(world.control, tenantId, event.id));
    taken_ms.push(performance.now() - committed);
  }
  await sealer.stop();
  return { p50: quantile(taken_ms, 0.5), p99: quantile(taken_ms, 0.99) };
}
