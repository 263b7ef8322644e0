import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { explained } from '../testing/plans.ts';
import { plantQueued, seedWorkspaceBeside, setTenantWeight } from '../testing/backlog.ts';
import type { Backlog } from '../testing/backlog.ts';
import { Plant } from '../testing/plant.ts';
import { analyse, sql } from '../testing/queries.ts';
import type { PlaceIds } from '../testing/queries.ts';
import { ENGINE_VERSIONS } from '../engine/versions.ts';
import { claimSteps } from './claim.ts';
import type { ClaimedStep } from './claim.ts';
import { FairShares } from './fair-shares.ts';
import { claimable } from './repository-claims.ts';
import { CLAIM_SETTINGS, fairValues } from './repository-queues.ts';

let plant: Plant;
let other: Plant;
beforeEach(async () => {
  plant = await Plant.open();
  other = await plant.openBeside();
});
afterEach(() => plant.close());

const queue = (ids: PlaceIds, backlog: Backlog): Promise<void> => plant.database.execution.forTenant(ids.tenantId, (tx) => plantQueued(tx, ids, backlog));

/** One worker, claim after claim. */
function claimer(limit: number): () => Promise<ClaimedStep[]> {
  const shares = new FairShares();
  return () => plant.database.execution.forTenants([plant.ids.tenantId, other.ids.tenantId], async (tx) => (await claimSteps(tx, new Date(), { worker: 'w', leaseMs: 60_000, limit, shares })).claimed);
}

const tenantsOf = (steps: readonly ClaimedStep[]): string[] => steps.map((step) => step.facts.tenant.id);
const countOf = (steps: readonly ClaimedStep[], tenantId: string): number => tenantsOf(steps).filter((id) => id === tenantId).length;

async function claims(count: number, claim: () => Promise<ClaimedStep[]>): Promise<ClaimedStep[]> {
  const all: ClaimedStep[] = [];
  for (let i = 0; i < count; i++) all.push(...await claim());
  return all;
}

test.each([1, 3, 16])('a fresh run waits for no more than one claim of %i, however much another tenant has queued', async (limit) => {
  await queue(plant.ids, { runs: 2_000 });
  const claim = claimer(limit);
  await claims(10, claim);
  await queue(other.ids, { runs: 1 });
  expect(tenantsOf(await claims(2, claim))).toContain(other.ids.tenantId);
});

test('in a claim with room for both, it is in the next one', async () => {
  await queue(plant.ids, { runs: 2_000 });
  const claim = claimer(8);
  await claims(10, claim);
  await queue(other.ids, { runs: 1 });
  const next = await claim();
  expect(next).toHaveLength(8);
  expect(countOf(next, other.ids.tenantId)).toBe(1);
});

test('tenants get what their weights say, in claims of any size', async () => {
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => setTenantWeight(tx, plant.ids.tenantId, 3));
  await queue(plant.ids, { runs: 400 });
  await queue(other.ids, { runs: 400 });
  for (const limit of [1, 4, 7]) {
    const claimed = await claims(Math.ceil(80 / limit), claimer(limit));
    expect(Math.abs(countOf(claimed, plant.ids.tenantId) - claimed.length * 0.75)).toBeLessThanOrEqual(3);
  }
});

test('so do the workspaces of a tenant, without taking anything from other tenants', async () => {
  const beside = { id: newId('workspace'), environmentId: newId('environment'), slug: 'beside', weight: 2 };
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => seedWorkspaceBeside(tx, plant.ids.tenantId, beside));
  await queue(plant.ids, { runs: 300 });
  await queue({ ...plant.ids, environmentId: beside.environmentId }, { runs: 300, workspaceId: beside.id });
  await queue(other.ids, { runs: 300 });
  const claimed = await claims(30, claimer(4));
  const ofBeside = claimed.filter((step) => step.facts.workspace.id === beside.id).length;
  expect(Math.abs(countOf(claimed, other.ids.tenantId) - 60)).toBeLessThanOrEqual(2);
  expect(Math.abs(ofBeside - 40)).toBeLessThanOrEqual(2);
});

test('within a workspace priority goes first, and what came first within a priority', async () => {
  for (const [runs, priority] of [[3, 3], [3, 2], [3, 1]] as const) await queue(plant.ids, { runs, priority });
  const claimed = await claims(3, claimer(3));
  const order = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ id: string; priority: number }>({ name: 'test.priorities', text: 'SELECT id, priority FROM execution.steps' }));
  const priorityOf = new Map(order.map((row) => [row.id, row.priority]));
  const claimsByPriority = claimed.map((step) => priorityOf.get(step.stepId));
  expect(claimsByPriority).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  const ofOne = claimed.slice(3, 6).map((step) => step.stepId);
  expect(ofOne).toEqual(ofOne.toSorted());
});

test('what cannot be claimed takes nobody\'s turn away', async () => {
  await queue(plant.ids, { runs: 20 });
  await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change({ name: 'test.pause', text: `UPDATE execution.runs SET paused_at = clock_timestamp(), paused_by = 'prn', pause_reason = 'because'` }));
  await queue(other.ids, { runs: 20 });
  expect(await claims(10, claimer(1))).toHaveLength(5);
  expect(countOf(await claims(2, claimer(8)), other.ids.tenantId)).toBeGreaterThanOrEqual(8);
});

test('a claim reads a bounded part of the queue, in the order of its index, with statistics and without, whatever has ended before', async () => {
  const database = new Database({ url: plant.database.executionUrl, applicationName: 'test claims', settings: CLAIM_SETTINGS });
  const look = () => explained(database, [plant.ids.tenantId, other.ids.tenantId], claimable, [8, ...fairValues(new FairShares().state), ENGINE_VERSIONS]);
  const expectBounded = async (): Promise<void> => {
    const { scans, mostRows } = await look();
    expect(scans).toEqual([]);
    expect(mostRows).toBeLessThan(100);
  };
  try {
    await expectBounded();
    await queue(other.ids, { runs: 4_000 });
    // They have been done: what is dead in the index is cleared by the first look.
    await plant.database.execution.forTenant(other.ids.tenantId, (tx) => tx.change(sql('cancel_all', `UPDATE execution.steps SET state = 'cancelled'`)));
    await look();
    await expectBounded();
    await queue(plant.ids, { runs: 4_000 });
    await queue(other.ids, { runs: 50 });
    await expectBounded();
    await analyse(plant.database.adminUrl);
    await expectBounded();
  } finally {
    await database.close();
  }
});
