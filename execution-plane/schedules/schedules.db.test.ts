import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CatchUp, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Contents } from '../contents/contents.ts';
import { Intake } from '../intake/intake.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant, step } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Schedules } from './schedules.ts';

const hourly = (catch_up: CatchUp): WorkflowDefinition => ({
  api_version: 'countersign.dev/v1', name: catch_up, description: '', trigger: { schedule: { cron: '0 * * * *', time_zone: 'UTC', catch_up } }, models: {},
  steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.due_at }}' } })],
});

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([hourly('skip'), hourly('latest'), hourly('all')]); });
afterEach(() => plant.close());

const log = createLogger('test', 'silent');
const workerOn = (database: Database): Schedules => new Schedules({ database, tenants: new Tenants(database), log, worker: 'w', onDue: () => undefined });
const rows = <Row extends object>(name: string, text: string): Promise<Row[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Row>(sql(name, text)));

/** Follows the workflow's schedule as if it had been active since then. */
async function activeSince(name: CatchUp, hoursAgo: number): Promise<string> {
  const id = newId('schedule');
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('schedule', `
    INSERT INTO control.schedules (tenant_id, id, workflow_id, environment_id, since)
    SELECT tenant_id, $2, id, $4, date_trunc('hour', clock_timestamp(), 'UTC') - $5::int * interval '1 hour' + interval '1 minute' FROM control.workflows WHERE tenant_id = $1 AND name = $3`),
  [plant.ids.tenantId, id, name, plant.ids.environmentId, hoursAgo]));
  return id;
}

const dueTimes = async (id: string): Promise<string[]> => (await rows<{ instance_id: string; due: string }>('due', `SELECT instance_id, subject_label AS due FROM execution.deliveries WHERE source = 'schedule' ORDER BY subject_label`))
  .filter((row) => row.instance_id === id).map((row) => row.due);

test('a worker that was away catches up by the policy, and says what it left out', async () => {
  const [all, latest] = [await activeSince('all', 4), await activeSince('latest', 4)];
  await workerOn(plant.database.execution).turn();
  expect(await dueTimes(all)).toHaveLength(4);
  expect(await dueTimes(latest)).toEqual((await dueTimes(all)).slice(-1));
  const missed = await rows<{ body: string }>('missed', `SELECT body FROM audit.events WHERE type = 'schedule.missed'`);
  expect(missed.map(({ body }) => (JSON.parse(body) as { subject: { id: string }; data: { skipped: number } })).map(({ subject, data }) => [subject.id, data.skipped])).toEqual([[latest, 3]]);
});

test('each due time is one run, over many workers that look at the same time', async () => {
  const id = await activeSince('all', 3);
  const pools = Array.from({ length: 6 }, (_, i) => new Database({ url: plant.database.executionUrl, applicationName: `racer ${i}`, maxConnections: 2 }));
  try {
    for (let round = 0; round < 5; round++) await Promise.all(pools.map((pool) => workerOn(pool).turn()));
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
  expect(await dueTimes(id)).toHaveLength(3);
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const database = plant.database.execution;
  const intake = new Intake({ database, tenants: new Tenants(database), contents: new Contents(keys, 14), changes: { changed: () => undefined, stepsReady: () => undefined }, clock: systemClock, log, worker: 'w' });
  while (await intake.turn());
  const runs = await rows<{ trigger_key: string; trigger_kind: string; subject: string | null }>('runs', 'SELECT trigger_key, trigger_kind, subject FROM execution.runs ORDER BY trigger_key');
  expect(runs).toEqual((await dueTimes(id)).map((due) => ({ trigger_key: `schedule:${due}`, trigger_kind: 'schedule', subject: null })));
});

test('while it is paused nothing is due, and what was due meanwhile is not made good', async () => {
  const id = await activeSince('all', 4);
  const change = (text: string): Promise<number> => plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql(text.slice(0, 50), text), []));
  await change(`UPDATE control.schedules SET paused_at = clock_timestamp(), paused_by = 'prn', pause_reason = 'because'`);
  const worker = workerOn(plant.database.execution);
  await worker.turn();
  expect(await dueTimes(id)).toEqual([]);
  await change(`UPDATE control.schedules SET paused_at = NULL, paused_by = NULL, pause_reason = NULL, since = clock_timestamp()`);
  await worker.turn();
  expect(await dueTimes(id)).toEqual([]);
});

test('what is not active is not due', async () => {
  const id = await activeSince('all', 4);
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('deactivate', 'UPDATE control.workflow_activations SET enabled = false'), []));
  await workerOn(plant.database.execution).turn();
  expect(await dueTimes(id)).toEqual([]);
});

test('in an archived workspace nothing is due; restored, it is caught up as the schedule says', async () => {
  const id = await activeSince('all', 3);
  const archive = (at: string): Promise<number> => plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql(at, `UPDATE control.workspaces SET archived_at = ${at}`), []));
  await archive('clock_timestamp()');
  await workerOn(plant.database.execution).turn();
  expect(await dueTimes(id)).toEqual([]);
  await archive('NULL');
  await workerOn(plant.database.execution).turn();
  expect(await dueTimes(id)).toHaveLength(3);
});
