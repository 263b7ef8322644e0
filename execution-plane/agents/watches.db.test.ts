import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOrders } from '../testing/agent-queries.ts';
import { LOST_RECORD } from '../testing/ledger-connector.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { placeInPool, TestAgent } from '../testing/test-agent.ts';
import type { TestPool } from '../testing/test-agent.ts';

let plant: Plant;
let pool: TestPool;
const agents: TestAgent[] = [];
beforeEach(async () => {
  plant = await Plant.open();
  pool = await placeInPool(plant);
  plant.ledger.records.set(LOST_RECORD, { id: LOST_RECORD, title: 'leave me', category: 'none', version: 0 });
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await plant.close();
});

async function anAgent(): Promise<TestAgent> {
  const agent = await TestAgent.enrol(plant, pool);
  agents.push(agent);
  await agent.start();
  return agent;
}

const untilWatching = (agent: TestAgent) => plant.until(async () => agent.taken.find(({ kind }) => kind === 'watch') ?? null);
const EVENT = { id: LOST_RECORD, title: 'leave me', version: 0, operation: 'create', by: 'somebody' };

it('of an instance that only agents reach, the cell looks for no events itself: an agent does, and each that it finds starts one run', async () => {
  const agent = await anAgent();
  await plant.startWorker({ reconcileMs: 1_000 });
  const order = await untilWatching(agent);
  expect(order).toMatchObject({ action: 'ledger/watch', risk: 'read', call_id: null, approval: null, instance: { name: 'books' }, watch: { every_ms: 1_000, cursor: null, triggers: [{ event: 'record.created' }] } });
  expect(Date.parse(order.begin_before) - Date.parse(order.issued_at)).toBe(3_600_000);
  expect(plant.ledger.reads).toBe(0);

  // A name that no index holds is nobody's, and keeps nothing else from being taken in.
  const payloads = [EVENT, { ...EVENT, operation: 'delete' }, { ...EVENT, id: randomBytes(4_000).toString('hex') }];
  const found = (cursor: string) => ({ kind: 'trigger.found', body: { order_id: order.id, instance_id: plant.ids.instanceId, cursor, payloads } }) as const;
  await agent.deliver(found('7'));
  await plant.until(async () => ((await plant.runs()).some(({ state }) => state === 'succeeded') ? true : null));
  await agent.deliver(found('8'));
  await plant.until(async () => ((await cursor()) === '8' ? true : null));
  const deliveries = await inTenant<{ source: string; dedupe_key: string }>('found', 'SELECT source, dedupe_key FROM execution.deliveries');
  expect(deliveries).toEqual([{ source: 'reconciler', dedupe_key: `${LOST_RECORD}:0` }]);
});

it('the watch of an agent that is gone is given to another, which goes on from where it was', async () => {
  const first = await anAgent();
  await plant.startWorker({ reconcileMs: 1_000 });
  const order = await untilWatching(first);
  await first.deliver({ kind: 'trigger.found', body: { order_id: order.id, instance_id: plant.ids.instanceId, cursor: '7', payloads: [] } });
  await plant.until(async () => ((await cursor()) === '7' ? true : null));
  await first.vanish();
  const other = await anAgent();
  const taken = await untilWatching(other);
  expect(taken.watch?.cursor).toBe('7');
  expect(BigInt(taken.identity.step.fence)).toBeGreaterThan(BigInt(order.identity.step.fence));
  const orders = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => readOrders(tx, plant.ids.tenantId));
  expect(orders.filter(({ kind }) => kind === 'watch').map(({ agent_id }) => agent_id)).toEqual([first.agentId, other.agentId]);
});

async function cursor(): Promise<string | undefined> {
  return (await inTenant<{ cursor: string }>('cursor', 'SELECT cursor FROM execution.reconciler_cursors'))[0]?.cursor;
}

function inTenant<Row extends object>(name: string, text: string): Promise<Row[]> {
  return plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Row>(sql(name, text)));
}
