import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Call } from '@countersign/connectors/gateway/call.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { ExistingEffect } from '@countersign/connectors/gateway/ports.ts';
import { MemoryFacts, MemorySituation } from '@countersign/connectors/gateway/testing/memory-situation.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { Notifier } from '../changes/notifier.ts';
import { Journals } from '../commit/journals.ts';
import { readAgentEvents, readOrders } from '../testing/agent-queries.ts';
import { asOwner } from '../testing/as-owner.ts';
import { claimAgain, leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { placeInPool, TestAgent } from '../testing/test-agent.ts';
import type { TestPool } from '../testing/test-agent.ts';
import { KnownAgents } from './known-agents.ts';
import { MAX_PARAMETER_BYTES } from './order-statement.ts';
import { OrderWaits } from './order-waits.ts';
import { AgentPlace } from './remote-place.ts';
import { writeOrder } from './write-order.ts';
import type { OrderDraft, OrderParts } from './write-order.ts';

let plant: Plant;
let pool: TestPool;
let agent: TestAgent;
let ring: OpenKeys;
let parts: OrderParts;
beforeAll(async () => {
  plant = await Plant.open([]);
  pool = await placeInPool(plant);
  agent = await TestAgent.enrol(plant, pool);
  ring = await openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl });
  parts = { database: plant.database.execution, keys: ring.keys, clock: { now: () => new Date() }, notifier: new Notifier(plant.database.execution, () => undefined), worker: 'worker-1' };
});
afterAll(async () => {
  await parts.notifier.flush();
  await agent.stop();
  await ring.close();
  await plant.close();
});

const draftFor = (call: CallIdentity, changes: Partial<OrderDraft> = {}): OrderDraft => ({
  kind: 'prepare', holder: call, identity: call, pool, action: 'ledger/record.update', risk: 'write', callId: null, actionDigest: null, decision: null, facts: {}, validMs: pool.orderValidMs,
  instance: { id: plant.ids.instanceId, name: 'books', connector: 'ledger', connector_version: '1.0.0', manifest_digest: `sha256:${'0'.repeat(64)}`, package_digest: null, settings: {} },
  sealed: { parameters: { id: 'zebra' }, labels: {}, action_text: null, content: {}, target: null }, situation: { time_zone: 'UTC', kill_switches: [], autonomy: 'supervised' }, ...changes,
});
const orders = () => plant.database.execution.forTenant(plant.ids.tenantId, (tx) => readOrders(tx, plant.ids.tenantId));

describe('an intent', () => {
  it('without an order has come to nothing, once its step is somebody else\'s', async () => {
    const place = new AgentPlace({
      ...parts, situation: new MemorySituation(), journals: new Journals(), agents: new KnownAgents(parts.database), waits: new OrderWaits(), facts: new MemoryFacts(), policy: { reads: async () => [] },
    });
    const call = { request: { identity: await leasedCall(plant) } } as Call;
    const effect = { callId: 'call_never_ordered', ofThisCall: true } as ExistingEffect;
    expect(await place.told(call, effect)).toMatchObject({ happened: false, error: { code: 'agent_not_reached', retryable: true } });
    expect(await place.told(call, { ...effect, ofThisCall: false })).toBeNull();
  });
});

describe('an order', () => {
  it('is signed by the key that signs now, readable by nobody on the way, and told of in the transaction that writes it', async () => {
    const written = await writeOrder(parts, draftFor(await leasedCall(plant)));
    const [row] = await orders();
    expect([written, row?.state, row?.kind]).toMatchObject([{ id: row?.id, agentId: agent.agentId }, 'queued', 'prepare']);
    const opened = openedEnvelope(JSON.parse(row!.envelope!), WORK_ORDER_PAYLOAD)!;
    const { kid, publicJwk } = await ring.keys.signingKey(plant.ids.tenantId, 'work_order');
    expect(opened.signatures[0]?.keyid).toBe(kid);
    expect(isSignedBy({ ...publicJwk }, WORK_ORDER_PAYLOAD, opened.payload, opened.signatures[0]!.signature)).toBe(true);
    expect(Buffer.from(opened.payload).toString('utf8')).not.toContain('zebra');
    const events = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => readAgentEvents(tx, plant.ids.tenantId));
    expect(events).toMatchObject([{ type: 'agent.order_issued', data: { order_id: row?.id, agent_id: agent.agentId, order_kind: 'prepare', fence: '1' } }]);
  });

  it('is not written by a worker whose lease is over, or somebody else\'s', async () => {
    const before = (await orders()).length;
    const stale = await leasedCall(plant);
    const fresh = await claimAgain(plant, stale);
    await expect(writeOrder(parts, draftFor(stale))).rejects.toThrow(StaleLeaseError);
    await asOwner(plant.database, `UPDATE execution.steps SET lease_expires_at = clock_timestamp() WHERE id = '${fresh.step.id}'`);
    await expect(writeOrder(parts, draftFor(fresh))).rejects.toThrow(StaleLeaseError);
    expect(await orders()).toHaveLength(before);
  });

  it('that could not begin any more, or is too large to be carried, is not written', async () => {
    const before = (await orders()).length;
    const call = await leasedCall(plant);
    expect(await writeOrder(parts, draftFor(call, { validMs: 0 }))).toMatchObject({ error: { code: 'call_aborted', retryable: true } });
    const large = { parameters: { text: 'x'.repeat(MAX_PARAMETER_BYTES) }, labels: {}, action_text: null, content: {}, target: null };
    expect(await writeOrder(parts, draftFor(call, { sealed: large }))).toMatchObject({ error: { code: 'order_too_large', retryable: false } });
    expect(await orders()).toHaveLength(before);
  });

  it('goes to nobody who is not of the pool, or is gone', async () => {
    const call = await leasedCall(plant);
    expect(await writeOrder(parts, draftFor(call, { pool: { ...pool, id: 'apl_other' } }))).toMatchObject({ error: { code: 'agent_unavailable' } });
    await agent.vanish();
    expect(await writeOrder(parts, draftFor(call))).toMatchObject({ error: { code: 'agent_unavailable' } });
  });
});
