import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionOf, decisionOf, failed, intentOf, SUCCEEDED } from '@countersign/connectors/gateway/testing/store-records.ts';
import { gatewayStoreConformance } from '@countersign/connectors/gateway/testing/store-conformance.ts';
import type { StoreHarness } from '@countersign/connectors/gateway/testing/store-harness.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Contents } from '../contents/contents.ts';
import { claimAgain, leasedCall } from '../testing/leased-call.ts';
import { readAccount, readBudgetEvents, seedWorkspace, setLimits } from '../testing/budget-queries.ts';
import { Plant } from '../testing/plant.ts';
import { sql, vote } from '../testing/queries.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';

let plant: Plant;
let keys: FileKeys;
beforeAll(async () => {
  plant = await Plant.open();
  keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
});
afterAll(() => plant.close());

async function makeHarness(): Promise<StoreHarness> {
  const { ids, database } = plant;
  return {
    instanceId: ids.instanceId,
    store: new PostgresGatewayStore({
      database: database.execution, keys, contents: new Contents(keys, 14), clock: systemClock, worker: 'test', changes: { changed: () => undefined, stepsReady: () => undefined },
    }),
    leasedCall: () => leasedCall(plant),
    budgetedWorkspace: async (limits) => {
      const id = newId('workspace');
      await database.control.forTenant(ids.tenantId, async (tx) => {
        await seedWorkspace(tx, ids.tenantId, id);
        await setLimits(tx, ids.tenantId, id, limits);
      });
      return id;
    },
    setLimits: (workspaceId, limits) => database.control.forTenant(ids.tenantId, (tx) => setLimits(tx, ids.tenantId, workspaceId, limits)),
    leasedCallIn: (workspaceId, beside) => leasedCall(plant, workspaceId, beside),
    account: (call, kind) => database.execution.forTenant(ids.tenantId, (tx) => readAccount(tx, call, kind)),
    budgetEvents: (workspaceId) => database.execution.forTenant(ids.tenantId, (tx) => readBudgetEvents(tx, ids.tenantId, workspaceId)),
    claimedAgain: (call) => claimAgain(plant, call),
    decide: (_call, approvalId, decision) => database.control.forTenant(ids.tenantId, (tx) => vote(tx, ids, approvalId, newId('vote'), decision === 'approved' ? 'approve' : 'reject')),
  };
}

gatewayStoreConformance('on Postgres', makeHarness);

describe('what the tables keep', () => {
  it('of a model says which one answered and what it counted, with the call and in the audit trail, whatever became of the answer', async () => {
    const { store, instanceId } = await makeHarness();
    const usage = { input_tokens: 130, cached_input_tokens: 100, cache_write_tokens: 0, output_tokens: 7, reasoning_tokens: 5 };
    const model = { requested: 'large', observed: 'large-2026-04-23', model_changed: false, response_id: 'resp_1', request_id: 'req_1', finish_reasons: ['completed'], usage, minimised: { emails: 2 } };
    for (const outcome of [{ ...SUCCEEDED, receipt: null, model }, { ...failed('failed'), model }]) {
      const call = await leasedCall(plant);
      const action = actionOf(instanceId, call);
      const { callId } = await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intentOf(action, null, { risk: 'model' }));
      await store.commitOutcome(call, callId, outcome);
      const [kept] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ model: object; body: string }>(sql('model', `
        SELECT c.model, e.body FROM execution.tool_calls c JOIN audit.events e ON e.tenant_id = c.tenant_id AND e.body::jsonb->>'type' = 'call.outcome' AND e.body::jsonb->'subject'->>'id' = c.id WHERE c.id = $1`), [callId]));
      expect(kept?.model).toEqual(model);
      expect(JSON.parse(kept!.body)).toMatchObject({ data: { state: outcome.state, model } });
    }
  });

  it('of a model names each change of what answers, once, with what answered before', async () => {
    const { store, instanceId } = await makeHarness();
    const usage = { input_tokens: 1, cached_input_tokens: 0, cache_write_tokens: 0, output_tokens: 1, reasoning_tokens: 0 };
    const requested = 'steady';
    const answers: Array<[string | null, boolean | null]> = [['steady', false], ['steady-2026-01-01', false], ['steady-2026-01-01', false], [null, null], ['other', true], ['other', true], ['steady-2026-01-01', false]];
    for (const [observed, model_changed] of answers) {
      const call = await leasedCall(plant);
      const action = actionOf(instanceId, call);
      const { callId } = await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intentOf(action, null, { risk: 'model' }));
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: null, model: { requested, observed, model_changed, response_id: null, request_id: null, finish_reasons: [], usage, minimised: {} } });
    }
    const events = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ body: string }>(sql('changes', `
      SELECT body FROM audit.events WHERE body::jsonb->>'type' = 'model.changed' AND body::jsonb->'data'->>'requested' = $1 ORDER BY id`), [requested]));
    expect(events.map(({ body }) => (JSON.parse(body) as { data: object }).data)).toMatchObject([
      { previously_observed: 'steady', observed: 'steady-2026-01-01', is_what_was_asked_for: true },
      { previously_observed: 'steady-2026-01-01', observed: 'other', is_what_was_asked_for: false },
      { previously_observed: 'other', observed: 'steady-2026-01-01', is_what_was_asked_for: true },
    ]);
  });

  it('of a model that is another one from the start is a change, too', async () => {
    const { store, instanceId } = await makeHarness();
    const call = await leasedCall(plant);
    const action = actionOf(instanceId, call);
    const { callId } = await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intentOf(action, null, { risk: 'model' }));
    const usage = { input_tokens: 1, cached_input_tokens: 0, cache_write_tokens: 0, output_tokens: 1, reasoning_tokens: 0 };
    await store.commitOutcome(call, callId, { ...failed('failed'), model: { requested: 'wrong', observed: 'right', model_changed: true, response_id: null, request_id: null, finish_reasons: [], usage, minimised: {} } });
    const events = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ body: string }>(sql('first change', `
      SELECT body FROM audit.events WHERE body::jsonb->>'type' = 'model.changed' AND body::jsonb->'data'->>'call_id' = $1`), [callId]));
    expect(events.map(({ body }) => JSON.parse(body) as object)).toMatchObject([{ subject: { kind: 'instance', id: instanceId }, data: { previously_observed: null, observed: 'right' } }]);
  });

  it('is sealed: no row of a run holds the text of an action or of an output', async () => {
    const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ text: string }>(sql('everything', `
      SELECT to_jsonb(c)::text AS text FROM execution.tool_calls c UNION ALL SELECT to_jsonb(d)::text FROM execution.decisions d
      UNION ALL SELECT to_jsonb(a)::text FROM control.approvals a UNION ALL SELECT to_jsonb(c)::text FROM execution.contents c UNION ALL SELECT body FROM audit.events`)));
    expect(rows.length).toBeGreaterThan(20);
    for (const { text } of rows) expect(text).not.toMatch(/a note|"two"/);
  });
});
