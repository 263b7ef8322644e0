import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Plant } from '../testing/plant.ts';
import { recoveryPlace } from '../policy/recovery-place.ts';
import { readLoggedDecisions, releaseKillSwitches, setKillSwitch, sql } from '../testing/queries.ts';
import type { RunSnapshot } from '../testing/queries.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open(); });
afterEach(() => plant.close());

/** A run of a record of its own, once it is in one of these states. */
async function runOf(where: Plant, title: string, ...states: string[]): Promise<RunSnapshot> {
  const before = new Set((await where.runs()).map((run) => run.id));
  await where.raise(title);
  return where.until(async () => (await where.runs()).find((run) => !before.has(run.id) && states.includes(run.state)) ?? null);
}

const isStopped = (run: RunSnapshot): boolean => Object.values(run.steps).some(({ state, error }) => state === 'retrying' && error?.code === 'stopped_by_kill_switch');

it('a kill switch stops every call after it, lets the one under way end, and concerns nobody else; released, everything goes on', async () => {
  const other = await plant.openBeside();
  await plant.startWorker();
  const { ids: { tenantId, environmentId }, database } = plant;

  // A read is under way.
  plant.ledger.holdReads = true;
  const held = plant.ledger.requestHeld();
  await plant.raise('printers');
  await held;
  plant.ledger.holdReads = false;
  const [underWay] = await plant.runs();

  const id = newId('kill_switch');
  await database.control.forTenant(tenantId, (tx) => setKillSwitch(tx, tenantId, { id, scope: 'environment', targetId: environmentId }));
  // It binds as soon as what was read before it is too old.
  const stopped = await plant.until(async () => {
    await plant.raise('leave me');
    return (await plant.runs()).find((run) => run.steps['read']!.state === 'retrying') ?? null;
  });
  expect(stopped).toMatchObject({ state: 'running', error: null, steps: { read: { attempt: 0, error: { code: 'stopped_by_kill_switch' } } } });
  expect(await runOf(other, 'leave me', 'succeeded', 'failed')).toMatchObject({ state: 'succeeded' });

  plant.ledger.release();
  const ended = await plant.until(async () => (await plant.runs()).find((run) => run.id === underWay!.id && isStopped(run)) ?? null);
  expect(ended.steps).toMatchObject({ read: { state: 'succeeded' }, change: { state: 'retrying' } });
  expect(plant.ledger.effects).toEqual([]);

  const denials = (await database.execution.forTenant(tenantId, readLoggedDecisions)).filter((row) => row['outcome'] === 'DENY');
  expect(denials.length).toBeGreaterThan(1);
  // Why somebody set it is content: it is not in the log.
  for (const row of denials) expect(row).toMatchObject({ reasons: [{ rule: 'base/kill_switch' }], masked_input: { kill_switches: [{ id, scope: 'environment' }] }, erased: expect.arrayContaining(['/input/kill_switches/0/reason']) });

  await database.control.forTenant(tenantId, (tx) => releaseKillSwitches(tx, tenantId));
  const all = await plant.until(async () => {
    const runs = await plant.runs();
    return runs.some(isStopped) || runs.some((run) => run.state === 'running') ? null : runs;
  });
  expect(all.map((run) => [run.id, run.state])).toEqual(all.map((run) => [run.id, run.id === underWay!.id ? 'waiting' : 'succeeded']));
}, 60_000);

it('a switch that lets go in stages lets the same runs go on, more of them with each stage', async () => {
  await plant.startWorker();
  const { ids: { tenantId, environmentId }, database } = plant;
  const inControl = (name: string, text: string, values: unknown[] = []): Promise<number> => database.control.forTenant(tenantId, (tx) => tx.change(sql(name, text), values));
  const id = newId('kill_switch');
  await database.control.forTenant(tenantId, (tx) => setKillSwitch(tx, tenantId, { id, scope: 'environment', targetId: environmentId }));
  for (let n = 0; n < 12; n++) await plant.raise('leave me');
  const stopped = await plant.until(async () => {
    const runs = await plant.runs();
    return runs.length === 12 && runs.every((run) => run.state === 'succeeded' || isStopped(run)) ? runs.filter(isStopped) : null;
  });
  expect(stopped.length).toBeGreaterThan(0);

  await inControl('share', `UPDATE control.kill_switches SET released_by = 'prn', release_reason = 'mended', released_at = clock_timestamp(), recovery = '[{"share":0.5,"for_ms":60000}]',
    recovery_stage = 0, stage_began_at = clock_timestamp(), share = 0.5 WHERE id = $1`, [id]);
  const free = new Set(stopped.filter((run) => recoveryPlace(run.id) < 0.5).map((run) => run.id));
  const halfway = await plant.until(async () => {
    const runs = (await plant.runs()).filter((run) => stopped.some((one) => one.id === run.id));
    return runs.every((run) => !free.has(run.id) || run.state === 'succeeded') ? runs : null;
  });
  for (const run of halfway) expect([run.id, free.has(run.id) || isStopped(run)]).toEqual([run.id, true]);

  await inControl('recovered', `UPDATE control.kill_switches SET recovery_stage = NULL, stage_began_at = NULL, share = NULL, recovered_at = clock_timestamp() WHERE id = $1`, [id]);
  await plant.until(async () => (await plant.runs()).every((run) => run.state === 'succeeded') || null);
}, 60_000);

it('the database and the workers put a run at the same place', async () => {
  const runs = Array.from({ length: 50 }, () => newId('run'));
  const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ place: number }>(sql('place', 'SELECT control.recovery_place(id) AS place FROM unnest($1::text[]) WITH ORDINALITY AS t(id, n) ORDER BY n'), [runs]));
  expect(rows.map((row) => row.place)).toEqual(runs.map(recoveryPlace));
});

it('the clock of an approval stands while a switch stops its run: workers do not expire it', async () => {
  await plant.startWorker();
  const { ids: { tenantId, environmentId }, database } = plant;
  await plant.raise('printers');
  const waiting = await plant.untilRun((run) => run.state === 'waiting');
  const id = newId('kill_switch');
  await database.control.forTenant(tenantId, async (tx) => {
    await setKillSwitch(tx, tenantId, { id, scope: 'environment', targetId: environmentId });
    await tx.change(sql('over', `UPDATE control.approvals SET expires_at = clock_timestamp() - interval '1 minute'`));
  });
  // Two more turns of the loop that expires: it saw a run of another tenant through.
  const other = await plant.openBeside();
  await runOf(other, 'leave me', 'succeeded');
  await runOf(other, 'leave me', 'succeeded');
  expect((await plant.runs())[0]).toMatchObject({ state: 'waiting', id: waiting.id });
  await database.control.forTenant(tenantId, (tx) => releaseKillSwitches(tx, tenantId));
  expect(await plant.untilRun((run) => run.state === 'failed')).toMatchObject({ error: { code: 'approval_expired' } });
}, 60_000);
