import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import { Plant, step } from '../testing/plant.ts';
import { insertDelivery, sql } from '../testing/queries.ts';
import { findLoop } from './loop-guard.ts';
import { lockDelivery } from './queries.ts';

/** Reads each version of a record that changed. */
const ON_CHANGE = {
  api_version: 'countersign.dev/v1', name: 'on-change', description: '', trigger: { connector: 'ledger', event: 'record.changed' }, models: {},
  steps: [step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } })],
} as const;

let plant: Plant;
beforeEach(async () => { plant = await Plant.open([ON_CHANGE]); });
afterEach(() => plant.close());

const inTenant: Plant['database']['execution']['forTenant'] = (tenant, work) => plant.database.execution.forTenant(tenant, work);
const change = (text: string, values: unknown[] = []): Promise<unknown> => inTenant(plant.ids.tenantId, (tx) => tx.change(sql(text.slice(0, 40), text), values));

async function deliver(subject: string, version: number): Promise<string> {
  const id = newId('delivery');
  await inTenant(plant.ids.tenantId, (tx) => insertDelivery(tx, plant.ids, {
    id, subject, dedupeKey: `${subject}:${version}`, source: 'webhook', connector: 'ledger', event: 'record.changed', payload: { id: subject, version, operation: 'change', by: 'somebody' } }));
  return id;
}

/** A run that an event of this record started `agoMs` ago; `wrote`: it has a write of this state. */
async function started(subject: string, version: number, { agoMs = 1_000, wrote = null as string | null, event = 'record.changed' } = {}): Promise<void> {
  const [delivery, run, stepId, decision] = [await deliver(subject, version), newId('run'), newId('step'), newId('decision')];
  const { tenantId, workspaceId, environmentId, instanceId } = plant.ids;
  await change(`UPDATE execution.deliveries SET state = 'started', event = $3 WHERE tenant_id = $1 AND id = $2`, [tenantId, delivery, event]);
  await change(`INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, delivery_id, subject, created_at)
    VALUES ($1, $2, $3, $4, 'wfl_test', 'on-change', 1, 'sha256:0', '{}', 'webhook', $2, $5, $6, clock_timestamp() - $7::float8 * interval '1 millisecond')`, [tenantId, run, workspaceId, environmentId, delivery, subject, agoMs]);
  if (wrote === null) return;
  await change(`INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) VALUES ($1, $2, $3, 'write', 0, 'ledger/record.update', 'ready')`, [tenantId, stepId, run]);
  await change(`INSERT INTO execution.decisions (tenant_id, id, run_id, step_id, call_key, action, action_digest, outcome, reasons, obligations, input_digest, evaluated_us)
    VALUES ($1, $2, $3, $4, 'main', 'ledger/record.update', 'sha256:0', 'ALLOW', '[]', '{}', 'sha256:0', 1)`, [tenantId, decision, run, stepId]);
  await change(`INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version, instance_id, action_digest, idempotency_key, decision_id)
    VALUES ($1, $2, $3, $4, $5, 'main', 1, 1, 'ledger/record.update', 'write', '1.0.0', $6, 'sha256:0', $2, $7)`, [tenantId, newId('tool_call'), environmentId, run, stepId, instanceId, decision]);
  if (wrote !== 'intended') await change(`UPDATE execution.tool_calls SET previous_state = state, state = $3 WHERE tenant_id = $1 AND run_id = $2`, [tenantId, run, wrote]);
}

const judge = async (subject: string, version: number) => {
  const id = await deliver(subject, version);
  return inTenant(plant.ids.tenantId, async (tx) => findLoop(tx, (await lockDelivery(tx, plant.ids.tenantId, id))!));
};

describe('a record goes round', () => {
  it('when its events started three runs within a minute and one of them wrote; then nothing is started until the pause is over', async () => {
    for (const version of [1, 2, 3]) await started('round', version, { wrote: version === 2 ? 'succeeded' : null });
    expect(await judge('round', 4)).toMatchObject({ tripped: true, starts_in_last_minute: 3, starts_allowed: 3 });
    expect(await judge('round', 5)).toMatchObject({ tripped: false });
    expect(await judge('another', 1)).toBeNull();
    await change(`UPDATE execution.loop_guards SET stopped_until = clock_timestamp() - interval '1 second'`);
    await change(`UPDATE execution.runs SET created_at = created_at - interval '1 minute'`);
    expect(await judge('round', 6)).toBeNull();
  });

  it('also while it is not known yet whether the write arrived', async () => {
    for (const version of [1, 2, 3]) await started('round', version, { wrote: 'intended' });
    expect(await judge('round', 4)).toMatchObject({ tripped: true });
  });

  it.each([
    ['only people changed it', [{}, {}, {}, {}]],
    ['its writes failed', [{ wrote: 'failed' }, { wrote: 'failed' }, { wrote: 'failed' }]],
    ['there were two', [{ wrote: 'succeeded' }, { wrote: 'succeeded' }]],
    ['one is more than a minute old', [{ wrote: 'succeeded', agoMs: 61_000 }, { wrote: 'succeeded' }, {}]],
    ['one was of another event', [{ wrote: 'succeeded', event: 'record.created' }, { wrote: 'succeeded' }, {}]],
  ])('not when %s', async (_what, starts) => {
    for (const [index, start] of starts.entries()) await started('calm', index + 1, start);
    expect(await judge('calm', 9)).toBeNull();
  });

  it('by the limits that its instance sets', async () => {
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('limits', `UPDATE control.connector_instances SET settings = '{"loop_guard": {"starts_per_minute": 1, "pause_minutes": 2}}'`)));
    await started('round', 1, { wrote: 'succeeded' });
    const found = await judge('round', 2);
    expect(found).toMatchObject({ tripped: true, starts_allowed: 1 });
    expect(Date.parse(found!.stopped_until)).toBeLessThan(Date.now() + 125_000);
  });
});

it('however many workers have its events in hand, no more runs are started than that; each version has its own', async () => {
  for (const version of [1, 2]) await started('rec-9', version, { wrote: 'succeeded' });
  plant.ledger.records.set('rec-9', { id: 'rec-9', title: 'round', category: 'none', version: 9 });
  for (const version of [11, 12, 13, 14, 15, 16]) await deliver('rec-9', version);
  await Promise.all(['first', 'second', 'third'].map((workerId) => plant.startWorker({ workerId })));
  await notify(plant.database.control.pool, 'countersign_deliveries');
  const handled = await plant.until(async () => {
    const rows = await inTenant(plant.ids.tenantId, (tx) => tx.rows<{ state: string; dropped_because: string | null }>(sql('handled', `SELECT state, dropped_because FROM execution.deliveries WHERE dedupe_key LIKE 'rec-9:1_'`)));
    return rows.every(({ state }) => state !== 'accepted') ? rows : null;
  });
  expect(handled.filter(({ state }) => state === 'started')).toHaveLength(1);
  expect(handled.filter(({ dropped_because }) => dropped_because === 'loop_guard')).toHaveLength(5);
  const keys = await inTenant(plant.ids.tenantId, (tx) => tx.rows<{ trigger_key: string }>(sql('keys', `SELECT trigger_key FROM execution.runs WHERE trigger_key LIKE '%rec-9:%'`)));
  expect(keys).toEqual([{ trigger_key: expect.stringMatching(/rec-9:1\d$/) }]);
  const events = await inTenant(plant.ids.tenantId, (tx) => tx.rows<{ data: object }>(sql('dropped_events', `SELECT body::jsonb->'data' AS data FROM audit.events WHERE type = 'delivery.dropped'`)));
  expect(events.filter(({ data }) => 'tripped' in data && data.tripped === true)).toHaveLength(1);
});
