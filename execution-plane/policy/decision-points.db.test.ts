import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleScope, readBundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { seedWorkspace } from '../testing/budget-queries.ts';
import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import { Plant } from '../testing/plant.ts';
import { policyInputOf } from '../testing/policy-inputs.ts';
import { endBundles, seedEnvironment } from '../testing/queries.ts';
import { testPolicyFiles } from '../testing/test-policy.ts';
import { DecisionPoints } from './decision-points.ts';
import { readHighestSeq } from './queries.ts';

const TTL_MS = 600_000;
const SOON = { timeout: 20_000 };
let plant: Plant;
/** Each test has an environment of its own, with sequences of its own. */
let environmentId: string;
const started: DecisionPoints[] = [];
let passedMs = 0;

beforeAll(async () => { plant = await Plant.open(); });
afterEach(() => { passedMs = 0; return Promise.all(started.splice(0).map((points) => points.stop())); });
afterAll(() => plant.close());

async function environment(): Promise<string> {
  environmentId = newId('environment');
  const { ids: { tenantId }, database } = plant;
  const workspaceId = newId('workspace');
  await database.control.forTenant(tenantId, async (tx) => {
    await seedWorkspace(tx, tenantId, workspaceId);
    await seedEnvironment(tx, tenantId, { id: environmentId, workspaceId, name: 'dev' });
  });
  return environmentId;
}

/** As a worker has them, with a clock that the test moves. */
function worker(): DecisionPoints {
  const points = new DecisionPoints({
    database: plant.database.execution, objects: new FolderObjects(`${plant.folder}/objects`), clock: { now: () => new Date(Date.now() + passedMs) },
    log: createLogger('test', 'silent'), refreshMs: 300_000, ttlMs: TTL_MS,
  });
  started.push(points);
  return points;
}

const ask = (points: DecisionPoints, changes: Partial<PolicyInput> = {}): Promise<PolicyDecision> => points.decide({ ...policyInputOf({ ...plant.ids, environmentId }), ...changes });

async function lookAgain(points: DecisionPoints): Promise<void> {
  points.noteChange(plant.ids.tenantId);
  await points.refreshChanged();
}

/** Of this test's environment; noting a change opens the tenant's others, too. */
const statuses = (points: DecisionPoints): PdpStatus[] => points.statuses().filter(({ scope }) => readBundleScope(scope)?.environmentId === environmentId);

/** A busy machine may be late with what is not waited for: the first decision that it was not late with. */
async function answered(points: DecisionPoints): Promise<PolicyDecision> {
  for (;;) {
    const decision = await ask(points);
    if (decision.shadows[0]?.reasons[0]?.rule !== 'policy_timeout') return decision;
  }
}

describe('a bundle per environment', () => {
  it('decides there and nowhere else', async () => {
    const dev = await environment();
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: dev });
    const prod = await environment();
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'REQUIRE_HITL', obligations: { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 1_000 } }), { seq: 7, environmentId: prod });
    const points = worker();
    environmentId = dev;
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW', bundle: { seq: 1, revision: 'test-ALLOW' }, shadows: [] });
    environmentId = prod;
    expect(await ask(points)).toMatchObject({ outcome: 'REQUIRE_HITL', bundle: { seq: 7 } });
  });

  it('that is missing denies', async () => {
    await environment();
    expect(await ask(worker())).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'bundle_missing' }], bundle: null });
  });

  it('of another tenant is not found, nor does it decide for one', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    const points = worker();
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
    expect(await ask(points, { tenant: { id: newId('tenant'), slug: 'other' } })).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'bundle_missing' }], bundle: null });
  });

  it('is looked for at once when one is published', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    const points = worker();
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 2, environmentId });
    await lookAgain(points);
    expect(await ask(points)).toMatchObject({ outcome: 'DENY', bundle: { seq: 2 } });
  });
});

it('a notification that names nobody keeps no tenant from its bundle', async () => {
  await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
  const points = worker();
  expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
  await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 2, environmentId });
  points.noteChange('not a tenant');
  points.noteChange(plant.ids.tenantId);
  await expect(points.refreshChanged()).rejects.toMatchObject({ code: 'tenant_id_invalid' });
  expect(await ask(points)).toMatchObject({ outcome: 'DENY', bundle: { seq: 2 } });
});

describe('a bundle that cannot be confirmed', () => {
  it('decides until its time is over, then denies, and decides again when it is confirmed', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    const points = worker();
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
    passedMs = TTL_MS - 10_000;
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
    expect(statuses(points)).toMatchObject([{ state: 'fresh' }]);
    passedMs = TTL_MS + 10_000;
    expect(await ask(points)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'bundle_stale' }] });
    expect(statuses(points)).toMatchObject([{ state: 'stale', time_left_ms: 0, scope: bundleScope(environmentId) }]);
    await lookAgain(points);
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
  });
});

describe('an older bundle', () => {
  it('is refused while a newer one decides, and after a restart that forgot everything but the highest sequence', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 5, environmentId: await environment() });
    const points = worker();
    expect(await ask(points)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'test/as_told' }], bundle: { seq: 5 } });
    // Rightly signed, once: somebody who can write the table and the object store brings it back as the newest.
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 4, rowSeq: 6, environmentId });
    await lookAgain(points);
    expect(await ask(points)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'test/as_told' }], bundle: { seq: 5 } });
    expect(statuses(points)).toMatchObject([{ last_failure: { code: 'bundle_rolled_back' } }]);

    expect(await ask(worker())).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'bundle_invalid' }], bundle: null });
    expect(await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => readHighestSeq(tx, plant.ids.tenantId, bundleScope(environmentId)))).toBe(5);
  });

  it('is released anew under a higher sequence: that is how to roll back', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 2, environmentId });
    const points = worker();
    expect(await ask(points)).toMatchObject({ outcome: 'DENY' });
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 3, environmentId });
    await lookAgain(points);
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW', bundle: { seq: 3 } });
  });
});

describe('a bundle in shadow mode', () => {
  it('decides beside, differs, and binds nobody; when it is ended nothing is left of it', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    const points = worker();
    expect((await ask(points)).shadows).toEqual([]);
    expect(statuses(points).map(({ scope }) => scope)).toEqual([bundleScope(environmentId)]);

    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY' }), { seq: 1, environmentId, mode: 'shadow' });
    await lookAgain(points);
    await expect.poll(() => statuses(points).map(({ scope }) => scope), SOON).toEqual([bundleScope(environmentId), bundleScope(environmentId, 'shadow')]);
    const decision = await answered(points);
    expect(decision).toMatchObject({
      outcome: 'ALLOW', bundle: { revision: 'test-ALLOW' },
      shadows: [{ source: 'bundle', outcome: 'DENY', differs: true, reasons: [{ rule: 'test/as_told' }], bundle: { revision: 'test-DENY', seq: 1 } }],
    });

    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => endBundles(tx, plant.ids.tenantId, bundleScope(environmentId, 'shadow')));
    await lookAgain(points);
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW', shadows: [] });
    expect(statuses(points)).toHaveLength(1);
  });

  it('that gives no answer is not waited for: the binding decision stands, and that is recorded', async () => {
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'ALLOW' }), { seq: 1, environmentId: await environment() });
    await plant.publishPolicy(await testPolicyFiles({ outcome: 'DENY', loops: true }), { seq: 1, environmentId, mode: 'shadow' });
    const points = worker();
    await points.warm([plant.ids.tenantId]);
    await expect.poll(() => statuses(points), SOON).toHaveLength(2);
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW', shadows: [{ outcome: 'DENY', reasons: [{ rule: 'policy_timeout' }] }] });
    expect(await ask(points)).toMatchObject({ outcome: 'ALLOW' });
  });
});
