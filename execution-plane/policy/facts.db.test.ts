import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { seedWorkspace, setLimits } from '../testing/budget-queries.ts';
import { Plant } from '../testing/plant.ts';
import { insertDecisions, insertSpending, sql, vacuumDecisions } from '../testing/queries.ts';
import { postgresFacts } from './facts.ts';
import { COUNTERS } from './repository-facts.ts';

const ABOUT = { action: 'ledger/record.get', instanceId: 'ins_1', at: new Date() };
const NOTHING = { minute: 0, hour: 0, day: 0 };
let plant: Plant;
beforeAll(async () => { plant = await Plant.open(); });
afterAll(() => plant.close());

/** A call in an environment of its own. */
async function callSomewhere(): Promise<CallIdentity> {
  return { ...await leasedCall(plant), environment: { id: newId('environment'), name: 'prod' } };
}

const decided = (call: CallIdentity, changes: Partial<Parameters<typeof insertDecisions>[2]> = {}): Promise<void> =>
  plant.database.execution.forTenant(plant.ids.tenantId, (tx) => insertDecisions(tx, call, { count: 1, action: ABOUT.action, instanceId: ABOUT.instanceId, workflow: 'triage', outcome: 'ALLOW', from: '0 seconds', every: '0 seconds', ...changes }));
const counters = (call: CallIdentity) => postgresFacts(plant.database.execution).of(call, ABOUT).counters();
const budget = (call: CallIdentity) => postgresFacts(plant.database.execution).of(call, ABOUT).budget();

describe('counters', () => {
  it('count what was allowed within a minute, an hour and a day, of the action, the instance and the workflow', async () => {
    const call = await callSomewhere();
    expect(await counters(call)).toEqual({ action: NOTHING, instance: NOTHING, workflow: NOTHING });
    await decided(call);
    await decided(call, { from: '59 minutes' });
    await decided(call, { from: '23 hours' });
    await decided(call, { from: '25 hours' });
    await decided(call, { action: 'ledger/record.update', instanceId: 'ins_2' });
    await decided(call, { workflow: 'other' });
    expect(await counters(call)).toEqual({ action: { minute: 2, hour: 3, day: 4 }, instance: { minute: 2, hour: 3, day: 4 }, workflow: { minute: 2, hour: 3, day: 4 } });
  });

  it('count nothing that policy did not allow, and nothing of another environment', async () => {
    const call = await callSomewhere();
    for (const outcome of ['DENY', 'REQUIRE_HITL', 'REQUIRE_STEP_UP', 'THROTTLE', 'ROUTE'] as const) await decided(call, { outcome });
    await decided(await callSomewhere());
    expect(await counters(call)).toEqual({ action: NOTHING, instance: NOTHING, workflow: NOTHING });
  });

  it('read the decisions of a day, and no older ones', async () => {
    const call = await callSomewhere();
    await decided(call, { count: 10_000, from: '40 days', every: '-10 minutes' });
    await decided(call, { count: 2_000, from: '1 hour', every: '-20 seconds' });
    await vacuumDecisions(plant.database.adminUrl);
    const plan = await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
      const { 'QUERY PLAN': [{ Plan }] } = await tx.one<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(sql('explain_counters', `EXPLAIN (ANALYZE, FORMAT JSON) ${COUNTERS.text}`),
        [plant.ids.tenantId, call.environment.id, ABOUT.action, ABOUT.instanceId, 'triage']);
      return Plan;
    });
    const read = nodes(plan).filter((node) => node['Relation Name'] === 'decisions' || node['Index Name'] !== undefined);
    expect(read.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))).toEqual(read.map(() => 2_000));
    expect(read.map((node) => node['Index Cond'] ?? node['Recheck Cond'])).toEqual(read.map(() => expect.stringContaining('decided_at >')));
  });
});

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

function nodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

describe('the budget', () => {
  it('says limit, spending and reservations of the run and of the workspace, in whole millionths', async () => {
    const { ids, database } = plant;
    const workspace = newId('workspace');
    await database.control.forTenant(ids.tenantId, async (tx) => {
      await seedWorkspace(tx, ids.tenantId, workspace);
      await setLimits(tx, ids.tenantId, workspace, { run: '0.5', month: '10.0000019' });
    });
    const call = await leasedCall(plant, workspace);
    expect(await budget(call)).toEqual({
      run: { limit_micro_usd: 500_000, spent_micro_usd: 0, reserved_micro_usd: 0 }, workspace: { limit_micro_usd: 10_000_001, spent_micro_usd: 0, reserved_micro_usd: 0 },
    });
    await database.execution.forTenant(ids.tenantId, (tx) => insertSpending(tx, call, { spent: '0.1200001', reserved: '0.0087' }));
    expect(await budget(call)).toEqual({
      run: { limit_micro_usd: 500_000, spent_micro_usd: 120_001, reserved_micro_usd: 8_700 }, workspace: { limit_micro_usd: 10_000_001, spent_micro_usd: 120_001, reserved_micro_usd: 8_700 },
    });
  });

  it('without any limit says so, and what was spent all the same', async () => {
    expect(await budget(await leasedCall(plant))).toEqual({
      run: { limit_micro_usd: null, spent_micro_usd: 0, reserved_micro_usd: 0 }, workspace: { limit_micro_usd: null, spent_micro_usd: 0, reserved_micro_usd: 0 },
    });
  });
});
