import { setTimeout as pause } from 'node:timers/promises';
import { GATHER_MS } from '@countersign/control-plane/audit/sequencer.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { seedPlace } from '../growth/place.ts';
import { newEvents } from './events.ts';
import type { NewEvent } from './events.ts';
import { appendEvents, countPending, countUnready, eventIsSealed, insertPlainly } from './repository-audit.ts';
import type { ChainFigures } from './report.ts';
import { median, quantile } from './statistics.ts';
import type { World } from './world.ts';

const BATCH = 200;
const WRITERS = 2;
/** How exactly the moment is known at which the last event was sealed. */
const LOOK_EVERY_MS = 10;
/** Before the clock runs: chains of a cell have been signed and searched before, and are so once a minute and after a while. */
const WARM_UP = 2_000;

/** Three ways to write the same events, in turns, each for a tenant of its own, so that what slows the machine slows all of them. */
export async function measureSealing(chains: number, { rounds, events }: { rounds: number; events: number }, world: World): Promise<ChainFigures> {
  const taken: Array<{ plain: number; appended: number; sealed: number }> = [];
  for (let round = 0; round < rounds; round += 1) {
    const plain = await plainly(chains, events, world);
    const appended = await appending(chains, events, world);
    taken.push({ plain, appended, sealed: await sealing(chains, events, world) });
  }
  return {
    chains, plain_per_s: median(taken.map(({ plain }) => plain)), appended_per_s: median(taken.map(({ appended }) => appended)), sealed_per_s: median(taken.map(({ sealed }) => sealed)),
    ratio: median(taken.map(({ plain, sealed }) => sealed / plain)),
  };
}

async function plainly(chains: number, events: number, world: World): Promise<number> {
  const place = await placeOf(chains, world);
  return perSecond(events, place, (batch) => insertPlainly(world.execution, place.tenantId, batch));
}

async function appending(chains: number, events: number, world: World): Promise<number> {
  const place = await placeOf(chains, world);
  return perSecond(events, place, (batch) => appendEvents(world.execution, place.tenantId, batch));
}

async function sealing(chains: number, events: number, world: World): Promise<number> {
  const place = await placeOf(chains, world);
  const { sealer } = world;
  sealer.resume();
  const append = async (batch: readonly NewEvent[]): Promise<void> => {
    await appendEvents(world.execution, place.tenantId, batch);
    sealer.wake(place.tenantId);
  };
  await perSecond(WARM_UP, place, append, async () => {
    while (await countUnready(world.control, place.tenantId) > 0) await pause(LOOK_EVERY_MS);
  });
  const rate = await perSecond(events, place, append, async () => {
    while (await countPending(world.control, place.tenantId) > 0) await pause(LOOK_EVERY_MS);
  });
  sealer.pause();
  return rate;
}

interface Chains {
  readonly tenantId: string;
  readonly workspaces: readonly string[];
}

async function placeOf(chains: number, { control }: World): Promise<Chains> {
  const { tenantId } = await seedPlace(control, `bench-${newId('tenant').slice(-8)}`);
  return { tenantId, workspaces: Array.from({ length: chains }, () => newId('workspace')) };
}

/** The events are there before the clock runs: what it costs to make them is not an insert's. */
async function perSecond(events: number, { tenantId, workspaces }: Chains, write: (batch: readonly NewEvent[]) => Promise<void>, untilDone: () => Promise<void> = async () => undefined): Promise<number> {
  const batches = Array.from({ length: Math.ceil(events / BATCH) }, (_, n) => newEvents(tenantId, workspaces, n * BATCH, Math.min(BATCH, events - n * BATCH)));
  const began = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await write(batch);
  }));
  await untilDone();
  return events / ((performance.now() - began) / 1_000);
}

/** One event at a time, each after a rest of the sequencer's: from its commit until somebody else sees that it is sealed. */
export async function measureLatency(count: number, world: World): Promise<{ p50: number; p99: number }> {
  const { tenantId, workspaceId } = await seedPlace(world.control, 'bench-latency');
  world.sealer.resume();
  const taken_ms: number[] = [];
  for (const event of newEvents(tenantId, [workspaceId], 0, count)) {
    await pause(2 * GATHER_MS);
    await appendEvents(world.execution, tenantId, [event]);
    const committed = performance.now();
    world.sealer.wake(tenantId);
    while (!await eventIsSealed(world.control, tenantId, event.id));
    taken_ms.push(performance.now() - committed);
  }
  world.sealer.pause();
  return { p50: quantile(taken_ms, 0.5), p99: quantile(taken_ms, 0.99) };
}
