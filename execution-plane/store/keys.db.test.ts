import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import { InstanceGuard } from '@countersign/connectors/gateway/health/instance-guard.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallResult, EffectKey } from '@countersign/connectors/gateway/ports.ts';
import { actionOf, decisionOf, failed, intentOf } from '@countersign/connectors/gateway/testing/store-records.ts';
import { MemoryFacts, MemorySituation } from '@countersign/connectors/gateway/testing/memory-situation.ts';
import { fixedPolicy, instanceOf } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { checkManifest } from '@countersign/connectors/sdk/load-manifest.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Contents } from '../contents/contents.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';
import { PostgresInstanceHealth } from './postgres-instance-health.ts';
import { postgresPrices } from './prices.ts';

const RUNS = 32;
let plant: Plant;
let effects: string[];
const gateways: RunningGateway[] = [];
const pools: Database[] = [];

/** Counts what it did; each effect takes a moment, so that the others come while it is under way. */
const counting: Connector = {
  ...checkManifest({
    name: 'counting', version: '1.0.0', title: 'Counting', description: 'For tests', credentials: ['none'],
    actions: {
      do: {
        title: 'Do it', risk: 'write', reversible: true, idempotent: false, reconcile: false, timeout_ms: 5_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['trusted_system'],
        parameters: { type: 'object', additionalProperties: true }, output: { type: 'object', additionalProperties: true },
      },
    },
  }),
  actions: {
    do: {
      prepare: async (_context, parameters) => ({ parameters, target: { id: 't', label: 'T', version: '1' }, preview: { title: 'Do it', fields: [], additions: [] } }),
      execute: async (context) => {
        effects.push(context.reference);
        await plant.database.execution.forNoTenant((tx) => tx.rows(sql('a_moment', 'SELECT pg_sleep(0.02)')));
        return { output: { by: context.reference } };
      },
    },
  },
};

beforeAll(async () => {
  plant = await Plant.open();
  effects = [];
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  for (let worker = 0; worker < 4; worker++) {
    const database = new Database({ url: plant.database.executionUrl, applicationName: `keyed ${worker}`, maxConnections: 4 });
    pools.push(database);
    gateways.push(createGateway({
      connectors: [counting], clock: systemClock, log: { warn: () => undefined, error: () => undefined }, pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })),
      store: new PostgresGatewayStore({ database, keys, contents: new Contents(keys, 14), clock: systemClock, worker: `keyed-${worker}`, changes: { changed: () => undefined, stepsReady: () => undefined } }),
      instances: { find: async () => instanceOf(counting, { id: plant.ids.instanceId }), byId: async () => null },
      situation: new MemorySituation(), facts: new MemoryFacts(),
      vault: { borrow: () => Promise.reject(new TypeError('no credentials here')) },
      models: { forCall: () => ({ latest: async () => null, save: () => Promise.reject(new TypeError('no models here')) }) },
      prices: postgresPrices(database), guard: new InstanceGuard({ store: new PostgresInstanceHealth(database), now: () => Date.now() }),
    }));
  }
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await Promise.all(pools.map((pool) => pool.close()));
  await plant.close();
});

/** As the step runner does: what is under way elsewhere is asked about again. */
async function untilDone(gateway: RunningGateway, identity: CallIdentity, parameters: { a: number }, idempotencyKey: string): Promise<CallResult> {
  for (;;) {
    const result = await gateway.call({ identity, action: 'counting/do', instanceName: null, parameters, labels: {}, model: null, signal: new AbortController().signal, idempotencyKey });
    if (result.kind !== 'failed' || result.error.code !== 'idempotency_in_progress') return result;
  }
}

it('32 runs at once under one key: one effect, and everybody has its outcome, recorded as a replay', async () => {
  const calls = await Promise.all(Array.from({ length: RUNS }, () => leasedCall(plant)));
  const results = await Promise.all(calls.map((call, i) => untilDone(gateways[i % gateways.length]!, call, { a: 1 }, 'INC0010001:triage')));
  expect(effects).toHaveLength(1);
  for (const result of results) expect(result).toEqual(results[0]);
  expect(results[0]).toMatchObject({ kind: 'succeeded', output: { by: effects[0] }, outputLabels: ['trusted_system'] });
  const replays = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ run_id: string; from: string; key: string }>(sql('replays', `
    SELECT run_id, body::jsonb->'data'->>'replayed_from_call_id' AS "from", body::jsonb->'data'->>'idempotency_key' AS key FROM audit.events WHERE type = 'call.replayed'`)));
  expect(new Set(replays.map(({ run_id: runId }) => runId)).size).toBe(RUNS - 1);
  for (const replay of replays) expect(replay).toMatchObject({ from: (results[0] as Extract<CallResult, { kind: 'succeeded' }>).callId, key: 'INC0010001:triage' });

  const other = await untilDone(gateways[0]!, await leasedCall(plant), { a: 2 }, 'INC0010001:triage');
  expect(other).toMatchObject({ kind: 'failed', error: { code: 'idempotency_conflict', retryable: false } });
  expect(effects).toHaveLength(1);
});

it('an effect whose worker is gone for good is looked up by who comes next, not waited for', async () => {
  const [first, second] = [await leasedCall(plant), await leasedCall(plant)];
  const key: EffectKey = { action: 'servicenow/incident.update', text: 'INC0010002:triage', parametersDigest: `sha256:${'a'.repeat(64)}` };
  const store = new PostgresGatewayStore({ database: pools[0]!, keys: await FileKeys.open(`${plant.folder}/key`, { create: false }), contents: new Contents(await FileKeys.open(`${plant.folder}/key`, { create: false }), 14), clock: systemClock, worker: 'keyed', changes: { changed: () => undefined, stepsReady: () => undefined } });
  const action = actionOf(plant.ids.instanceId, first);
  const { callId } = await store.commitIntent(first, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null, { idempotencyKey: key.text, parametersDigest: key.parametersDigest }));
  expect(await store.findEffect(second, key)).toMatchObject({ callId, state: 'intended' });
  await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('give_up', `UPDATE execution.steps SET state = 'dead', lease_owner = NULL, lease_expires_at = NULL WHERE id = $1`), [first.step.id]));
  expect(await store.findEffect(second, key)).toMatchObject({ callId, state: 'uncertain' });
  await store.commitOutcome(second, callId, failed('failed'), key);
  expect(await store.findEffect(second, key)).toBeNull();
});
