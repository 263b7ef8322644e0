import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EntryBodies } from '@countersign/contracts/agent/spool-entry.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { readAgentEvents } from '../testing/agent-queries.ts';
import { asOwner } from '../testing/as-owner.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { insertDecisions } from '../testing/queries.ts';
import { placeInPool, TestAgent } from '../testing/test-agent.ts';
import { FoundEvents } from './found-events.ts';
import { Inbox } from './inbox.ts';
import { endBodies, expireOrders } from './repository-ends.ts';

let plant: Plant;
let agent: TestAgent;
let ring: OpenKeys;
beforeAll(async () => {
  plant = await Plant.open([]);
  agent = await TestAgent.enrol(plant, await placeInPool(plant));
  ring = await openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl });
  await asOwner(plant.database, `INSERT INTO execution.work_orders (tenant_id, id, agent_id, pool_id, kind, instance_id, run_id, step_id, state, envelope, issued_at, begin_before)
    VALUES ('${plant.ids.tenantId}', '${ORDER}', '${agent.agentId}', '${agent.poolId}', 'execute', 'ins_1', 'run_1', 'stp_1', 'queued', '{}', clock_timestamp(), clock_timestamp() + interval '1 minute')`);
});
afterAll(async () => {
  await ring.close();
  await agent.stop();
  await plant.close();
});

const ENTRIES = 10_000;
const ORDER = 'ord_01aaaaaaaaaaaaaaaaaaaaaaaa';
const CALL: EntryBodies['call'] = { order_id: ORDER, call_key: 'main', action: 'ledger/record.get', action_digest: `sha256:${'0'.repeat(64)}`, outcome: 'ALLOW', bundle: { seq: 1, digest: 'sha256:0', revision: 'r1' }, rules: ['base/allow'] };

/** `crashes`: how many of its next transactions fail when everything in them is written. */
function inbox(crashes = { left: 0 }): Inbox {
  const now = (): Date => {
    if (crashes.left-- > 0) throw new TypeError('the worker was killed');
    return new Date();
  };
  return new Inbox({ database: plant.database.execution, keys: ring.keys, clock: { now }, log: createLogger('test', 'silent'), found: new FoundEvents([]) });
}

it(`${ENTRIES} entries that were spooled through an outage are made true once and in order, whoever is killed at it and however many are at it`, { timeout: 120_000 }, async () => {
  const began = Date.parse('2026-11-21T08:00:00.000Z');
  const at = (seq: number): string => new Date(began + seq * 360).toISOString();
  for (let from = 1; from <= ENTRIES; from += 500) {
    await agent.deliver(...Array.from({ length: 500 }, (_, i) => (
      (from + i) % 2 === 0 ? { kind: 'call', body: { ...CALL, call_key: `main/${from + i}` }, occurred_at: at(from + i) } as const
        : { kind: 'policy.changed', body: { scope: 'env_1', seq: from + i, digest: 'sha256:0' }, occurred_at: at(from + i) } as const)));
  }
  const crashes = { left: 3 };
  const workers = [inbox(crashes), inbox(), inbox()].map(async (one) => {
    for (;;) {
      const taken = await one.take(agent.tenantId, agent.agentId).catch((error: unknown) => error as Error);
      if (taken === null) return;
    }
  });
  await Promise.all(workers);
  expect(crashes.left).toBeLessThanOrEqual(0);

  const events = await plant.database.execution.forTenant(agent.tenantId, (tx) => readAgentEvents(tx, agent.tenantId));
  expect(events.map(({ data }) => data['spool_seq'])).toEqual(Array.from({ length: ENTRIES }, (_, i) => i + 1));
  expect(events.every(({ data, at: taken }) => data['occurred_at'] === at(Number(data['spool_seq'])) && taken > String(data['occurred_at']))).toBe(true);
  const [calls] = await asOwner(plant.database, `SELECT count(*)::int AS count, count(DISTINCT seq)::int AS distinct, bool_and(run_id = 'run_1') AS of_run FROM execution.agent_calls`);
  expect(calls).toEqual({ count: ENTRIES / 2, distinct: ENTRIES / 2, of_run: true });
});

it('an order that may not begin any more is over, and one that was taken in time is given time to end', async () => {
  await asOwner(plant.database, `INSERT INTO execution.work_orders (tenant_id, id, agent_id, pool_id, kind, instance_id, state, issued_at, begin_before)
    VALUES ('${plant.ids.tenantId}', 'ord_lapsing', '${agent.agentId}', '${agent.poolId}', 'watch', 'ins_1', 'queued', clock_timestamp(), clock_timestamp())`);
  const stateAfter = async (change: string): Promise<string | undefined> => {
    await asOwner(plant.database, `UPDATE execution.work_orders SET ${change} WHERE id = 'ord_lapsing'`);
    await plant.database.execution.forTenant(agent.tenantId, expireOrders);
    return (await asOwner<{ state: string }>(plant.database, `SELECT state FROM execution.work_orders WHERE id = 'ord_lapsing'`))[0]?.state;
  };
  expect(await stateAfter(`begin_before = clock_timestamp() + interval '1 minute'`)).toBe('queued');
  expect(await stateAfter(`state = 'received', begin_before = clock_timestamp() - interval '1 minute'`)).toBe('received');
  expect(await stateAfter(`begin_before = clock_timestamp() - interval '20 minutes'`)).toBe('expired');
});

it('what was made true an hour ago is not kept, but for an outcome that nobody has taken yet', async () => {
  await agent.deliver({ kind: 'outcome', body: { order_id: ORDER, state: 'succeeded', result: {}, error: null, usage: [], exchanges: { request_digest: null, response_digest: null, may_have_changed: false }, duration_ms: 1 } });
  const bodies = async (): Promise<unknown> => {
    const [row] = await asOwner(plant.database, `SELECT (SELECT count(*)::int FROM control.agent_entries WHERE sealed IS NOT NULL) AS entries, (SELECT count(*)::int FROM execution.work_orders WHERE outcome_sealed IS NOT NULL OR envelope IS NOT NULL) AS orders`);
    return row;
  };
  const end = (keptMs: number): Promise<boolean> => plant.database.execution.forTenant(agent.tenantId, (tx) => endBodies(tx, keptMs));
  const endAll = async (): Promise<void> => { while (await end(0)); };

  await endAll();
  // Not made true yet.
  expect(await bodies()).toEqual({ entries: 1, orders: 1 });
  await inbox().take(agent.tenantId, agent.agentId);
  await end(3_600_000);
  expect(await bodies()).toEqual({ entries: 1, orders: 1 });

  await asOwner(plant.database, `UPDATE execution.work_orders SET begin_before = clock_timestamp() - interval '1 minute', call_id = '${await intendedCall()}'`);
  await endAll();
  expect(await bodies()).toEqual({ entries: 0, orders: 1 });
  await asOwner(plant.database, `UPDATE execution.work_orders SET call_id = NULL`);
  await endAll();
  expect(await bodies()).toEqual({ entries: 0, orders: 0 });
});

/** A call that was sent, and of which the step does not know what became. */
async function intendedCall(): Promise<string> {
  const call = await leasedCall(plant);
  await plant.database.execution.forTenant(agent.tenantId, (tx) => insertDecisions(tx, call, { count: 1, action: 'ledger/record.update', instanceId: 'ins_1', workflow: 'triage', outcome: 'ALLOW', from: '0', every: '0' }));
  await asOwner(plant.database, `INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version, action_digest, idempotency_key, decision_id)
    SELECT tenant_id, 'call_untaken', '${call.environment.id}', run_id, step_id, 'main', 1, 1, action, 'write', '1.0.0', 'sha256:0', 'k', id FROM execution.decisions`);
  return 'call_untaken';
}
