import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { releaseKillSwitches, seedTenant, setAutonomy, setKillSwitch, setTimeZone, sql, whileKillSwitchesAreLocked } from '../testing/queries.ts';
import { PostgresSituation } from './situation.ts';

let plant: Plant;
let call: CallIdentity;
beforeAll(async () => { plant = await Plant.open(); });
afterEach(() => plant.database.control.forTenant(plant.ids.tenantId, (tx) => releaseKillSwitches(tx, plant.ids.tenantId)));
afterAll(() => plant.close());

/** With a clock that the test moves, in ms. */
function situation(database: Database = plant.database.execution): { situation: PostgresSituation; later(ms: number): void } {
  let now = 0;
  return { situation: new PostgresSituation(database, () => now), later: (ms) => { now += ms; } };
}

/** How often a connection was taken since: once for each transaction. */
function counting({ pool }: Database): () => number {
  let taken = 0;
  pool.on('acquire', () => { taken += 1; });
  return () => taken;
}

function stop(scope: string, targetId: string, tenantId = plant.ids.tenantId): Promise<string> {
  const id = newId('kill_switch');
  return plant.database.control.forTenant(tenantId, async (tx) => (await setKillSwitch(tx, tenantId, { id, scope, targetId }), id));
}

describe('kill switches', () => {
  beforeAll(async () => { call = await leasedCall(plant); });

  it.each(['tenant', 'workspace', 'environment', 'workflow'] as const)('of the %s of a call concern it', async (scope) => {
    const { ids } = plant;
    const targets = { tenant: ids.tenantId, workspace: ids.workspaceId, environment: ids.environmentId, workflow: 'wfl_test' };
    const id = await stop(scope, targets[scope]);
    expect((await situation().situation.of(call)).kill_switches).toEqual([{ id, scope, reason: 'because' }]);
  });

  it('of a workflow concern the runs that it has started', async () => {
    const { ids: { tenantId }, database } = plant;
    const [parent, child] = [await leasedCall(plant), await leasedCall(plant)];
    await database.execution.forTenant(tenantId, async (tx) => {
      await tx.change(sql('parent_workflow', `UPDATE execution.runs SET workflow_id = 'wfl_above' WHERE tenant_id = $1 AND id = $2`), [tenantId, parent.run.id]);
      await tx.change(sql('child_of', 'UPDATE execution.runs SET parent_run_id = $3, parent_step_id = $4, depth = 1 WHERE tenant_id = $1 AND id = $2'), [tenantId, child.run.id, parent.run.id, parent.step.id]);
    });
    const id = await stop('workflow', 'wfl_above');
    expect((await situation().situation.of(child)).kill_switches).toEqual([{ id, scope: 'workflow', reason: 'because' }]);
    expect((await situation().situation.of(call)).kill_switches).toEqual([]);
    const stopped = (run: string): Promise<{ stopped: boolean }> => database.execution.forTenant(tenantId, (tx) => tx.one(sql('is_stopped', 'SELECT control.is_stopped($1, $2, $3, $4) AS stopped'), [tenantId, plant.ids.workspaceId, plant.ids.environmentId, run]));
    expect([await stopped(child.run.id), await stopped(call.run.id)]).toEqual([{ stopped: true }, { stopped: false }]);
  });

  it('of another workspace, environment or workflow do not, nor do those of another tenant', async () => {
    for (const [scope, prefix] of [['workspace', 'workspace'], ['environment', 'environment'], ['workflow', 'workflow']] as const) await stop(scope, newId(prefix));
    const other = newId('tenant');
    await plant.database.control.forTenant(other, (tx) => seedTenant(tx, other, `other-${other.slice(-8)}`));
    await stop('tenant', other, other);
    expect((await situation().situation.of(call)).kill_switches).toEqual([]);
  });

  it('bind half a second after they were set at the latest, and as soon are off again', async () => {
    const { situation: read, later } = situation();
    expect((await read.of(call)).kill_switches).toEqual([]);
    await stop('environment', plant.ids.environmentId);
    later(499);
    expect((await read.of(call)).kill_switches, 'still believed').toEqual([]);
    later(1);
    expect((await read.of(call)).kill_switches).toHaveLength(1);
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => releaseKillSwitches(tx, plant.ids.tenantId));
    later(500);
    expect((await read.of(call)).kill_switches).toEqual([]);
  });

  it('are read once for many calls at the same moment', async () => {
    const { situation: read, later } = situation();
    await read.of(call);
    later(500);
    const taken = counting(plant.database.execution);
    await Promise.all(Array.from({ length: 50 }, () => read.of(call)));
    expect(taken()).toBe(1);
    await read.of(call);
    expect(taken()).toBe(1);
  });

  it('that cannot be read leave nothing to decide by, however good the last look was', async () => {
    const database = new Database({ url: plant.database.executionUrl, applicationName: 'test situation' });
    const { situation: read, later } = situation(database);
    expect((await read.of(call)).kill_switches).toEqual([]);
    await database.close();
    expect((await read.of(call)).kill_switches, 'fresh enough').toEqual([]);
    later(500);
    await expect(read.of(call)).rejects.toThrow();
  });

  it('are as old as the question, not as the answer: one that took long is asked again', async () => {
    const { situation: read, later } = situation();
    const taken = counting(plant.database.execution);
    let answer: Promise<unknown> = Promise.resolve();
    await whileKillSwitchesAreLocked(plant.database.adminUrl, async (untilOneWaits) => {
      answer = read.of(call);
      await untilOneWaits();
      later(500);
    });
    await answer;
    // Autonomy, the slow answer, and the one that was believed.
    expect(taken()).toBe(3);
  });

  it('that were read too slowly are read once more, and then given up', async () => {
    let now = 0;
    // Each look at the clock is a second after the one before.
    const read = new PostgresSituation(plant.database.execution, () => (now += 1_000));
    await expect(read.of(call)).rejects.toMatchObject({ code: 'situation_unknown' });
  });
});

describe('what else a call falls under', () => {
  it('is the tenant\'s time zone, and the autonomy of the version that the run is pinned to', async () => {
    const { ids, database } = plant;
    const plain = await leasedCall(plant);
    expect(await situation().situation.of(plain)).toMatchObject({ time_zone: 'UTC', autonomy: 'supervised' });
    await database.control.forTenant(ids.tenantId, (tx) => setTimeZone(tx, ids.tenantId, 'Europe/Berlin'));
    const observing = await leasedCall(plant);
    await database.execution.forTenant(ids.tenantId, (tx) => setAutonomy(tx, observing, 'observe'));
    const { situation: read } = situation();
    expect(await read.of({ ...observing, run: { ...observing.run, workflowDigest: 'sha256:1' } })).toMatchObject({ time_zone: 'Europe/Berlin', autonomy: 'observe' });
    expect(await read.of(plain)).toMatchObject({ autonomy: 'supervised' });
  });
});
