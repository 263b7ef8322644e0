import { afterEach, describe, expect, it } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { LOST_RECORD } from '../testing/ledger-connector.ts';
import { Plant, step, TRIAGE } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { RunQuotas } from './run-quotas.ts';

let plant: Plant;
afterEach(() => plant.close());

const PARENT: WorkflowDefinition = { ...TRIAGE, steps: [step({ id: 'start', uses: 'workflow/child', with: { record: '${{ trigger.id }}' } })] };
const CHILD: WorkflowDefinition = { ...TRIAGE, name: 'child', trigger: 'manual', steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.record }}' } })] };
const HOURLY: WorkflowDefinition = { ...TRIAGE, name: 'hourly', trigger: { schedule: { cron: '0 * * * *', time_zone: 'UTC', catch_up: 'all' } }, steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: 'x' } })] };

async function allow(name: 'runs_per_day' | 'active_runs' | 'stored_bytes', max: number, scope = '', setFor: 'cell' | 'tenant' = 'tenant'): Promise<void> {
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('allow', `
    INSERT INTO control.quotas (tenant_id, set_for, workspace_id, name, max_value, set_by) VALUES ($1, $2, $3, $4, $5, 'test')
    ON CONFLICT ON CONSTRAINT quotas_pk DO UPDATE SET max_value = EXCLUDED.max_value`), [plant.ids.tenantId, setFor, scope, name, max]));
}

const rows = <Row extends object>(name: string, text: string): Promise<Row[]> => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Row>(sql(name, text)));

describe('quotas of runs that no request begins', () => {
  it('a run that another one would start is refused with the quota, the limit and what there is, and starts when the step is redriven with room', async () => {
    plant = await Plant.open([PARENT, CHILD]);
    await allow('active_runs', 1);
    await plant.startWorker();
    await plant.raise('printers');
    const failed = await plant.untilRun((run) => run.state === 'failed');
    expect(failed).toMatchObject({ error: { code: 'quota_exceeded', step_key: 'start', message: 'The quota active_runs allows 1 runs at a time, and 1 have not ended.' } });
    await allow('active_runs', 2);
    await plant.command(failed.id, 'redrive');
    await plant.untilRun((run) => run.id === failed.id && run.state === 'succeeded');
  });

  it('what is due by the clock is not started, and the audit says why; what fits is', async () => {
    plant = await Plant.open([HOURLY]);
    await allow('runs_per_day', 2, plant.ids.workspaceId);
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('schedule', `
      INSERT INTO control.schedules (tenant_id, id, workflow_id, environment_id, since)
      SELECT tenant_id, $2, id, $3, date_trunc('hour', clock_timestamp(), 'UTC') - interval '179 minutes' FROM control.workflows WHERE tenant_id = $1`), [plant.ids.tenantId, newId('schedule'), plant.ids.environmentId]));
    await plant.startWorker();
    await plant.until(async () => (await rows('handled', `SELECT id FROM execution.deliveries WHERE state <> 'accepted'`)).length === 3 || null);
    expect(await rows('became', `SELECT state, dropped_because FROM execution.deliveries ORDER BY received_at, dedupe_key`)).toEqual([
      { state: 'started', dropped_because: null }, { state: 'started', dropped_because: null }, { state: 'dropped', dropped_because: 'quota_exceeded' },
    ]);
    const [dropped] = await rows<{ body: string }>('dropped', `SELECT body FROM audit.events WHERE type = 'delivery.dropped'`);
    expect(JSON.parse(dropped!.body)).toMatchObject({ data: { because: 'quota_exceeded', quota: 'runs_per_day', limit: 2, used: 2 } });
  });

  it('no instance is polled until there is room: what was not looked for is found then', async () => {
    plant = await Plant.open();
    plant.ledger.records.set(LOST_RECORD, { id: LOST_RECORD, title: 'leave me', category: 'none', version: 0 });
    await allow('runs_per_day', 0, '', 'cell');
    await plant.startWorker({ reconcileMs: 20 });
    // The worker polls as soon as it starts; by the end of another run it would have begun to.
    await plant.raise('printers');
    await plant.untilRun((run) => run.state === 'waiting');
    expect(await rows('polls', `SELECT id FROM execution.runs WHERE trigger_kind = 'system'`)).toEqual([]);
    await allow('runs_per_day', 5, '', 'cell');
    await plant.until(async () => (await rows('found', `SELECT id FROM execution.deliveries WHERE source = 'reconciler' AND dedupe_key = '${LOST_RECORD}:0'`)).length === 1 || null);
  });

  it('of the cell and the tenant the lower holds, the reconciler\'s own run is none, and nothing is counted where nothing is set', async () => {
    plant = await Plant.open();
    const place = { tenant_id: plant.ids.tenantId, workspace_id: plant.ids.workspaceId };
    const usedUp = (runs: number): Promise<ReturnType<RunQuotas['usedUp']>> => plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => (await RunQuotas.read(tx, [place])).usedUp(place, runs));
    expect(await usedUp(1_000)).toBeNull();
    await allow('active_runs', 9, '', 'cell');
    await allow('active_runs', 3);
    expect([await usedUp(3), await usedUp(4)]).toEqual([null, { quota: 'active_runs', limit: 3, used: 0, message: expect.stringContaining('allows 3') }]);
    await allow('stored_bytes', 10);
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('kept', 'INSERT INTO control.stored_bytes (tenant_id, bytes) VALUES ($1, 10)'), [plant.ids.tenantId]));
    expect(await usedUp(1)).toMatchObject({ quota: 'stored_bytes', limit: 10, used: 10 });
  });
});
