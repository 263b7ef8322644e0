import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { BudgetExceededError } from '@countersign/connectors/gateway/budget.ts';
import { EffectExistsError } from '@countersign/connectors/gateway/ports.ts';
import type { EffectKey, Intent } from '@countersign/connectors/gateway/ports.ts';
import { actionOf, decisionOf, intentOf, RECEIPT, SUCCEEDED } from '@countersign/connectors/gateway/testing/store-records.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Contents } from '../contents/contents.ts';
import { failLostCalls } from '../dispatch/repository-lost-calls.ts';
import { readAccount, seedWorkspace, setLimits } from '../testing/budget-queries.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';

let plant: Plant;
/** Stores on pools of their own, as workers have them. */
const stores: PostgresGatewayStore[] = [];
const pools: Database[] = [];

beforeAll(async () => {
  plant = await Plant.open();
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  for (let worker = 0; worker < 4; worker++) {
    const database = new Database({ url: plant.database.executionUrl, applicationName: `racer ${worker}`, maxConnections: 4 });
    pools.push(database);
    stores.push(new PostgresGatewayStore({ database, keys, contents: new Contents(keys, 14), clock: systemClock, worker: `racer-${worker}`, changes: { changed: () => undefined, stepsReady: () => undefined } }));
  }
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await plant.close();
});

async function budgeted(run: string | null, month: string | null): Promise<string> {
  const id = newId('workspace');
  await plant.database.control.forTenant(plant.ids.tenantId, async (tx) => {
    await seedWorkspace(tx, plant.ids.tenantId, id);
    await setLimits(tx, plant.ids.tenantId, id, { run, month });
  });
  return id;
}

async function intend(store: PostgresGatewayStore, call: CallIdentity, changes: Partial<Intent>): Promise<string> {
  const action = actionOf(plant.ids.instanceId, call);
  return (await store.commitIntent(call, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null, changes))).callId;
}

const accountOf = (call: CallIdentity, kind: 'run' | 'month') => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => readAccount(tx, call, kind));

describe('races over four pools', () => {
  it('64 callers and a budget for 10 of them: 10 get through, nothing is overspent', async () => {
    const workspace = await budgeted(null, '1');
    const calls = await Promise.all(Array.from({ length: 64 }, () => leasedCall(plant, workspace)));
    const cost = { meter: 'model.output_tokens', unit: 'token', quantity: 1, is_priced: true, amount_usd: '0.1', price: { meter: 'model.output_tokens', unit: 'token', usd_per_unit: '0.1', from: '2026-01-01', source: 'a test' } };
    const results = await Promise.allSettled(calls.map(async (call, i) => {
      const store = stores[i % stores.length]!;
      const callId = await intend(store, call, { risk: 'model', estimate: { amountUsd: '0.100000000', unpriced: [] } });
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: null, costs: [cost] });
    }));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BudgetExceededError);
    expect(await accountOf(calls[0]!, 'month')).toEqual({ spentUsd: '1.000000000', reservedUsd: '0.000000000' });
  });

  it('runs of one workspace and steps of one run at once end without a deadlock, and the books agree with the cost lines', async () => {
    const workspace = await budgeted('100', '100');
    const heads = await Promise.all(Array.from({ length: 4 }, () => leasedCall(plant, workspace)));
    const calls = [...heads, ...(await Promise.all(heads.flatMap((head) => Array.from({ length: 7 }, () => leasedCall(plant, workspace, head)))))];
    const cost = { meter: 'm', unit: 'u', quantity: 1, is_priced: true, amount_usd: '0.25', price: { meter: 'm', unit: 'u', usd_per_unit: '0.25', from: '2026-01-01', source: 'a test' } };
    await Promise.all(calls.map(async (call, i) => {
      const store = stores[i % stores.length]!;
      await store.commitOutcome(call, await intend(store, call, { risk: 'model', estimate: { amountUsd: '1.000000000', unpriced: [] } }), { ...SUCCEEDED, receipt: null, costs: [cost] });
    }));
    expect(await accountOf(heads[0]!, 'month')).toEqual({ spentUsd: '8.000000000', reservedUsd: '0.000000000' });
    for (const head of heads) expect(await accountOf(head, 'run')).toEqual({ spentUsd: '2.000000000', reservedUsd: '0.000000000' });
  });

  it('32 runs under one key: one intent, and each of the others finds its outcome', async () => {
    const calls = await Promise.all(Array.from({ length: 32 }, () => leasedCall(plant)));
    const key: EffectKey = { action: 'servicenow/incident.update', text: `race:${newId('run')}`, parametersDigest: `sha256:${'a'.repeat(64)}` };
    const changes = { idempotencyKey: key.text, parametersDigest: key.parametersDigest };
    const results = await Promise.allSettled(calls.map((call, i) => intend(stores[i % stores.length]!, call, changes)));
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [{ callId: result.value, call: calls[i]!, store: stores[i % stores.length]! }] : []));
    expect(winners).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(EffectExistsError);
    const [{ callId, call, store }] = winners as [(typeof winners)[number]];
    await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
    for (const other of calls) expect(await stores[0]!.findEffect(other, key)).toMatchObject({ callId, state: 'succeeded' });
  });
});

describe('a budget costs nothing where there is none', () => {
  it('calls without a price, and workspaces without a budget, lock and write no account', async () => {
    const call = await leasedCall(plant, await budgeted(null, null));
    await stores[0]!.commitOutcome(call, await intend(stores[0]!, call, { risk: 'model', estimate: { amountUsd: '5.000000000', unpriced: [] } }), { ...SUCCEEDED, receipt: null });
    expect(await accountOf(call, 'month')).toBeNull();
    const free = await leasedCall(plant, await budgeted('1', '1'));
    const holder = await leasedCall(plant, free.workspace.id);
    await intend(stores[0]!, holder, { risk: 'model', estimate: { amountUsd: '0.100000000', unpriced: [] } });
    // While somebody holds the account's row, an unmetered call of the same workspace goes through.
    await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
      await tx.rows(sql('hold_account', 'SELECT 1 FROM execution.budget_accounts WHERE workspace_id = $1 FOR UPDATE'), [free.workspace.id]);
      await stores[1]!.commitOutcome(free, await intend(stores[1]!, free, { risk: 'model' }), { ...SUCCEEDED, receipt: null });
    });
  });
});

describe('a worker that was killed', () => {
  it('leaves a reservation that is given back when its call is ended for it', async () => {
    const call = await leasedCall(plant, await budgeted('1', '1'));
    await intend(stores[0]!, call, { risk: 'model', estimate: { amountUsd: '0.400000000', unpriced: [] } });
    expect(await accountOf(call, 'month')).toEqual({ spentUsd: '0.000000000', reservedUsd: '0.400000000' });
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => failLostCalls(tx, [{ tenantId: plant.ids.tenantId, runId: call.run.id, stepId: call.step.id, fence: call.step.fence }], { kind: 'worker', id: 'sweeper' }, new Date()));
    expect(await accountOf(call, 'month')).toEqual({ spentUsd: '0.000000000', reservedUsd: '0.000000000' });
    expect(await accountOf(call, 'run')).toEqual({ spentUsd: '0.000000000', reservedUsd: '0.000000000' });
  });

  it('keeps what it reserved for a write: whether that happened is not known', async () => {
    const call = await leasedCall(plant, await budgeted('1', '1'));
    await intend(stores[0]!, call, { estimate: { amountUsd: '0.400000000', unpriced: [] } });
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => failLostCalls(tx, [{ tenantId: plant.ids.tenantId, runId: call.run.id, stepId: call.step.id, fence: call.step.fence }], { kind: 'worker', id: 'sweeper' }, new Date()));
    expect(await accountOf(call, 'month')).toEqual({ spentUsd: '0.000000000', reservedUsd: '0.400000000' });
  });
});
