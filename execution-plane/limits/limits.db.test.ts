import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Commands } from '../commands/commands.ts';
import { Contents } from '../contents/contents.ts';
import { claimSteps } from '../dispatch/claim.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { FairShares } from '../dispatch/fair-shares.ts';
import { moveRun } from '../dispatch/move-run.ts';
import { Intake } from '../intake/intake.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant, step } from '../testing/plant.ts';
import { insertDelivery, sql } from '../testing/queries.ts';
import { NOTES_WORK } from '../wake/repository-outbox.ts';
import { Admissions } from './admissions.ts';

const limited = (name: string, limits: Pick<WorkflowDefinition, 'concurrency' | 'rate' | 'priority'>): WorkflowDefinition => ({
  api_version: 'countersign.dev/v1', name, description: '', trigger: { connector: 'ledger', event: `${name}.due` }, models: {}, ...limits,
  steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } })],
});
const PER_CALLER = limited('per-caller', { concurrency: { key: 'trigger.by', limit: 2, on_conflict: 'queue' } });
const DROPPING = limited('dropping', { concurrency: { limit: 2, on_conflict: 'drop' } });
const NEWEST = limited('newest', { concurrency: { limit: 1, on_conflict: 'cancel_running' } });
const PACED = limited('paced', { rate: { count: 3, per_ms: 60_000 }, priority: 'high' });

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([PER_CALLER, DROPPING, NEWEST, PACED]); });
afterEach(() => plant.close());

const changes = { changed: () => undefined, stepsReady: () => undefined };
const inTenant: Plant['database']['execution']['forTenant'] = (tenant, work) => plant.database.execution.forTenant(tenant, work);

/** A worker's loops of this part, over connections of their own. */
async function workerParts(name: string, database = plant.database.execution): Promise<{ intake: Intake; admissions: Admissions; claim: () => Promise<ClaimedStep[]> }> {
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const tenants = new Tenants(database);
  const common = { database, tenants, changes, contents: new Contents(keys, 14), clock: systemClock, log: createLogger('test', 'silent'), worker: name };
  const shares = new FairShares();
  return {
    intake: new Intake(common), admissions: new Admissions(common),
    claim: () => database.forTenants([plant.ids.tenantId], async (tx) => (await claimSteps(tx, new Date(), { worker: name, leaseMs: 60_000, limit: 5, shares })).claimed),
  };
}

async function deliver(workflow: WorkflowDefinition, by = 'somebody', payload: Record<string, unknown> = {}): Promise<void> {
  const id = newId('delivery');
  await inTenant(plant.ids.tenantId, (tx) => insertDelivery(tx, plant.ids, { id, subject: id, dedupeKey: id, source: 'webhook', connector: 'ledger', event: `${workflow.name}.due`, payload: { id, by, version: 1, ...payload } }));
}

function end(claimed: ClaimedStep, to: 'succeeded' | 'dead' = 'succeeded'): Promise<unknown> {
  return inTenant(plant.ids.tenantId, (tx) => moveRun(tx, new Date(), { kind: 'worker', id: 'test' }, plant.ids.tenantId, claimed.facts.run.id, () => ({
    steps: [{ id: claimed.stepId, from: 'leased', to, fence: claimed.fence, lease: 'held', error: to === 'dead' ? { code: 'internal', message: 'broken' } : null }],
  })));
}

const rows = <Row extends object>(name: string, text: string): Promise<Row[]> => inTenant(plant.ids.tenantId, (tx) => tx.rows<Row>(sql(name, text)));
const states = async (): Promise<string[]> => (await rows<{ state: string }>('states', `SELECT state FROM execution.runs ORDER BY created_at, id`)).map((row) => row.state);
const dropped = async (): Promise<unknown[]> => (await rows<{ because: string }>('dropped', `SELECT dropped_because AS because FROM execution.deliveries WHERE state = 'dropped' ORDER BY received_at, id`)).map((row) => row.because);
/** By key, the most that the database has ever had under way: from the times that it wrote itself. */
const mostAtOnce = (): Promise<Array<{ most: number }>> => rows('most', `
  SELECT max((SELECT count(*)::int FROM execution.runs o WHERE o.concurrency_key = r.concurrency_key AND o.admitted_at <= r.admitted_at AND (o.finished_at IS NULL OR o.finished_at > r.admitted_at))) AS most
    FROM execution.runs r WHERE r.admitted_at IS NOT NULL AND r.concurrency_key <> '' GROUP BY r.concurrency_key`);

describe('a limit of concurrency', () => {
  test('is never exceeded, whatever the race of workers that make, admit, claim and end runs', async () => {
    for (let i = 0; i < 36; i++) await deliver(PER_CALLER, `caller-${i % 3}`);
    const pools = Array.from({ length: 4 }, (_, i) => new Database({ url: plant.database.executionUrl, applicationName: `racer ${i}`, maxConnections: 4 }));
    try {
      let ended = 0;
      await Promise.all(pools.map(async (pool, i) => {
        const worker = await workerParts(`w${i}`, pool);
        while (ended < 36) {
          await worker.intake.turn();
          await worker.admissions.turn();
          for (const claimed of await worker.claim()) {
            await end(claimed);
            ended += 1;
          }
        }
      }));
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
    expect((await states()).filter((state) => state === 'succeeded')).toHaveLength(36);
    expect((await mostAtOnce()).map(({ most }) => most)).toEqual([2, 2, 2]);
  });

  test('keeps those of another key out of it, and lets the next in when one has ended', async () => {
    const worker = await workerParts('w');
    for (const by of ['a', 'a', 'a', 'b']) await deliver(PER_CALLER, by);
    await worker.intake.turn();
    const first = await worker.claim();
    expect(first).toHaveLength(3);
    await worker.admissions.turn();
    expect(await worker.claim()).toEqual([]);
    await end(first.find((one) => one.facts.run.id === first[0]!.facts.run.id)!);
    await worker.admissions.turn();
    expect(await worker.claim()).toHaveLength(1);
  });

  test('a run that is let in is noted for the queue, where there is one', async () => {
    const noting = new Database({ url: plant.database.executionUrl, applicationName: 'test queue', settings: NOTES_WORK });
    try {
      const worker = await workerParts('w', noting);
      for (let i = 0; i < 3; i++) await deliver(PER_CALLER, 'a');
      await worker.intake.turn();
      const [first] = await worker.claim();
      await inTenant(plant.ids.tenantId, (tx) => tx.change(sql('forget', 'DELETE FROM execution.outbox'), []));
      await end(first!);
      await worker.admissions.turn();
      expect(await rows('noted', `SELECT o.run_id FROM execution.outbox o JOIN execution.runs r ON r.id = o.run_id WHERE r.state = 'queued' AND r.admitted_at IS NOT NULL`)).toHaveLength(1);
    } finally {
      await noting.close();
    }
  });

  test('a run that failed and is redriven waits for its turn again', async () => {
    const worker = await workerParts('w');
    for (let i = 0; i < 3; i++) await deliver(PER_CALLER, 'a');
    await worker.intake.turn();
    const [broken, other] = await worker.claim();
    await end(broken!, 'dead');
    await worker.admissions.turn();
    const [third] = await worker.claim();
    await inTenant(plant.ids.tenantId, (tx) => moveRun(tx, new Date(), { kind: 'person', id: plant.ids.personId }, plant.ids.tenantId, broken!.facts.run.id, () => ({
      run: 'running', steps: [{ id: broken!.stepId, from: 'dead', to: 'ready', delay_ms: 0, attempt: 0 }] })));
    await worker.admissions.turn();
    expect(await worker.claim()).toEqual([]);
    await end(other!);
    await worker.admissions.turn();
    expect((await worker.claim()).map((one) => one.stepId)).toEqual([broken!.stepId]);
    await end(third!);
  });

  test('drop makes no run of what is too much, and says so', async () => {
    const worker = await workerParts('w');
    for (let i = 0; i < 5; i++) await deliver(DROPPING);
    await worker.intake.turn();
    expect(await states()).toEqual(['queued', 'queued']);
    expect(await dropped()).toEqual(['concurrency_limit', 'concurrency_limit', 'concurrency_limit']);
  });

  test('cancel_running asks the older run to end, and begins the newer one when it has', async () => {
    const worker = await workerParts('w');
    for (let i = 0; i < 2; i++) {
      await deliver(NEWEST);
      await worker.intake.turn();
    }
    const runIds = (await rows<{ id: string }>('ids', 'SELECT id FROM execution.runs ORDER BY created_at, id')).map((row) => row.id);
    expect(await rows('commands', 'SELECT run_id, kind, requested_by FROM execution.commands')).toEqual([{ run_id: runIds[0], kind: 'cancel', requested_by: runIds[1] }]);
    await worker.admissions.turn();
    expect(await rows('admitted_ids', 'SELECT id FROM execution.runs WHERE admitted_at IS NOT NULL')).toEqual([{ id: runIds[0] }]);
    await new Commands({ database: plant.database.execution, tenants: new Tenants(plant.database.execution), changes, clock: systemClock }).turn();
    await worker.admissions.turn();
    expect(await states()).toEqual(['cancelled', 'queued']);
    expect((await worker.claim()).map((one) => one.facts.run.id)).toEqual([runIds[1]]);
  });

  test('a trigger that the key cannot be made of is dropped with that reason', async () => {
    const worker = await workerParts('w');
    const id = newId('delivery');
    await inTenant(plant.ids.tenantId, (tx) => insertDelivery(tx, plant.ids, { id, subject: id, dedupeKey: id, source: 'webhook', connector: 'ledger', event: 'per-caller.due', payload: { id } }));
    await worker.intake.turn();
    expect(await dropped()).toEqual(['limit_key_failed']);
  });
});

test('a rate lets so many begin in its stretch of time, whoever asks, and the next when it is over', async () => {
  for (let i = 0; i < 7; i++) await deliver(PACED);
  const workers = await Promise.all([workerParts('w1'), workerParts('w2')]);
  await Promise.all(workers.map((worker) => worker.intake.turn()));
  await Promise.all(workers.map((worker) => worker.admissions.turn()));
  const admitted = (): Promise<Array<{ n: number; priority: number }>> => rows('admitted', 'SELECT count(admitted_at)::int AS n, max(priority)::int AS priority FROM execution.runs');
  expect(await admitted()).toEqual([{ n: 3, priority: 1 }]);
  // The database's clock cannot be moved, so what it has written moves the other way.
  await inTenant(plant.ids.tenantId, (tx) => tx.change(sql('earlier', `UPDATE execution.runs SET admitted_at = admitted_at - interval '1 minute'`)));
  await Promise.all(workers.map((worker) => worker.admissions.turn()));
  expect(await admitted()).toEqual([{ n: 6, priority: 1 }]);
});
