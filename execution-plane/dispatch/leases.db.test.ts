import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { claimSteps } from './claim.ts';
import { FairShares } from './fair-shares.ts';
import type { ClaimedStep } from './claim.ts';
import { moveRun } from './move-run.ts';
import { Intake } from '../intake/intake.ts';
import { Tenants } from '../loops/tenants.ts';
import { Contents } from '../contents/contents.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

const changes = { changed: () => undefined, stepsReady: () => undefined };

/** Makes runs of what was delivered, without a worker that would take their steps. */
async function intake(): Promise<void> {
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const database = plant.database.execution;
  await new Intake({ database, tenants: new Tenants(database), contents: new Contents(keys, 14), changes, clock: systemClock, log: createLogger('test', 'silent'), worker: 'intake' }).turn();
}

function claim(worker: string, limit = 100, leaseMs = 60_000, database = plant.database.execution): Promise<ClaimedStep[]> {
  return database.forTenants([plant.ids.tenantId], async (tx) => (await claimSteps(tx, new Date(), { worker, leaseMs, limit, shares: new FairShares() })).claimed);
}

function end(step: ClaimedStep, to: 'succeeded' | 'dead'): Promise<unknown> {
  return plant.database.execution.forTenant(plant.ids.tenantId, (tx) => moveRun(tx, new Date(), { kind: 'worker', id: 'test' }, plant.ids.tenantId, step.facts.run.id, () => ({
    steps: [{ id: step.stepId, from: 'leased', to, fence: step.fence, lease: 'held', error: to === 'dead' ? { code: 'internal', message: 'broken' } : null }],
  })));
}

const overdue = sql('expire', `UPDATE execution.steps SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'`);
const reclaimed = sql('reclaimed', `UPDATE execution.steps SET state = 'ready', lease_owner = NULL, lease_expires_at = NULL WHERE state = 'leased'`);

describe('claims', () => {
  it('give each step to one of four workers under each fence, whatever the race', async () => {
    for (let i = 0; i < 40; i++) await plant.raise(`ticket ${i}`);
    await intake();
    const pools = Array.from({ length: 4 }, (_, i) => new Database({ url: plant.database.executionUrl, applicationName: `racer ${i}`, maxConnections: 3 }));
    try {
      const claimed: ClaimedStep[] = [];
      while (claimed.length < 40) {
        const rounds = await Promise.all(pools.flatMap((pool, i) => [claim(`w${i}`, 3, 60_000, pool), claim(`w${i}`, 3, 60_000, pool)]));
        claimed.push(...rounds.flat());
      }
      expect(claimed).toHaveLength(40);
      expect(new Set(claimed.map((step) => `${step.stepId}/${step.fence}`)).size).toBe(40);
      const attempts = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('attempts', 'SELECT step_id FROM execution.step_attempts')));
      expect(attempts).toHaveLength(40);
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
  });

  it('start the run with its first step, once', async () => {
    await plant.raise('printers');
    await intake();
    expect((await plant.runs())[0]).toMatchObject({ state: 'queued', steps: { read: { state: 'ready' }, change: { state: 'blocked' } } });
    expect(await claim('w1')).toMatchObject([{ key: 'read', attempt: 1, fence: '1' }]);
    expect(await claim('w2')).toEqual([]);
    expect((await plant.runs())[0]).toMatchObject({ state: 'running', steps: { read: { state: 'leased' } } });
  });
});

describe('a worker whose lease is gone', () => {
  it('changes nothing once the lease is over, even before anybody has taken the step', async () => {
    await plant.raise('printers');
    await intake();
    const [step] = await claim('w1');
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(overdue));
    await expect(end(step!, 'succeeded')).rejects.toBeInstanceOf(StaleLeaseError);
    expect((await plant.runs())[0]!.steps['read']).toMatchObject({ state: 'leased' });
  });

  it('changes nothing when another worker has the step under a newer fence', async () => {
    await plant.raise('printers');
    await intake();
    const [old] = await claim('w1');
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(reclaimed));
    const [current] = await claim('w2');
    expect(current).toMatchObject({ stepId: old!.stepId, fence: '2', attempt: 2 });
    await expect(end(old!, 'dead')).rejects.toBeInstanceOf(StaleLeaseError);
    await end(current!, 'succeeded');
    expect((await plant.runs())[0]).toMatchObject({ state: 'running', steps: { read: { state: 'succeeded', fence: '2' }, change: { state: 'ready' } } });
  });
});

describe('tenants', () => {
  it('are invisible to a transaction that names none, or another one', async () => {
    await plant.raise('printers');
    await intake();
    const count = sql('count', 'SELECT (SELECT count(*) FROM execution.runs)::int + (SELECT count(*) FROM execution.steps)::int + (SELECT count(*) FROM execution.deliveries)::int AS rows');
    const { execution } = plant.database;
    expect(await execution.forNoTenant((tx) => tx.one(count))).toEqual({ rows: 0 });
    expect(await execution.forTenant(plant.ids.tenantId.replace(/.$/, 'z'), (tx) => tx.one(count))).toEqual({ rows: 0 });
    expect(await execution.forTenant(plant.ids.tenantId, (tx) => tx.one(count))).toEqual({ rows: 5 });
  });
});
