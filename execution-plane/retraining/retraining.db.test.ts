import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant, TRIAGE } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Retraining } from './retraining.ts';

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([{ ...TRIAGE, name: 'classifier-training', trigger: 'manual' }]); });
afterEach(() => plant.close());

describe('retraining', () => {
  it('is asked for once by however many workers, with the name of the instance', async () => {
    const { control, execution } = plant.database;
    await control.forTenant(plant.ids.tenantId, async (tx) => {
      await tx.change(sql('other_connector', `INSERT INTO control.connector_versions (tenant_id, connector, version, manifest_digest, manifest, published_by) VALUES ($1, 'desk', '1.0.0', 'sha256:0', $2, 'test')`),
        [plant.ids.tenantId, JSON.stringify({ learning: { tickets: 'tickets.done', confirmed_by: ['ticket.update'] } })]);
      await tx.change(sql('other_instance', `INSERT INTO control.connector_instances (tenant_id, id, workspace_id, environment_id, connector, connector_version, manifest_digest, name)
        VALUES ($1, 'ins_desk', $2, $3, 'desk', '1.0.0', 'sha256:0', 'desk')`), [plant.ids.tenantId, plant.ids.workspaceId, plant.ids.environmentId]);
    });
    let asked = 0;
    const clock = { now: () => new Date('2026-01-05T09:00:00Z') };
    const workers = Array.from({ length: 4 }, () => new Retraining({ database: execution, tenants: new Tenants(execution), clock, worker: 'test', onAsked: () => { asked += 1; } }));
    await Promise.all(workers.map((worker) => worker.turn()));
    await new Retraining({ database: execution, tenants: new Tenants(execution), clock: systemClock, worker: 'test', onAsked: () => { asked += 1; } }).turn();
    expect(asked).toBe(1);
    const deliveries = await execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('training', 'SELECT source, state, payload FROM execution.deliveries')));
    expect(deliveries).toEqual([{ source: 'manual', state: 'accepted', payload: { workflow: 'classifier-training', environment: 'prod', trigger: { source: 'desk/desk', approved: [] } } }]);
  });
});
