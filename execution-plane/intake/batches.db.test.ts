import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Contents } from '../contents/contents.ts';
import { Tenants } from '../loops/tenants.ts';
import { Plant, step } from '../testing/plant.ts';
import { insertDelivery, sql } from '../testing/queries.ts';
import { Intake, MAX_DELIVERY_ATTEMPTS } from './intake.ts';

const on = (event: string, steps: WorkflowDefinition['steps'], more: Partial<WorkflowDefinition> = {}): WorkflowDefinition => ({
  api_version: 'countersign.dev/v1', name: event.replace('.', '-'), description: '', trigger: { connector: 'ledger', event }, models: {}, steps, ...more,
});
const read = step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } });
const GOOD = on('record.good', [read, { ...read, id: 'again', needs: ['read'] }]);
/** What no publishing lets through: PostgreSQL refuses its steps. */
const TWICE = on('record.twice', [read, read]);
const NO_STEPS = on('record.none', []);
const KEYED = on('record.keyed', [read], { concurrency: { key: 'trigger.customer', limit: 1, on_conflict: 'queue' } });

let plant: Plant;
let commits: number;
beforeEach(async () => {
  plant = await Plant.open([GOOD, TWICE, NO_STEPS, KEYED]);
  commits = 0;
});
afterEach(() => plant.close());

async function intake(): Promise<Intake> {
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const database = plant.database.execution;
  return new Intake({ database, tenants: new Tenants(database), contents: new Contents(keys, 14), changes: { changed: () => undefined, stepsReady: () => { commits += 1; } }, clock: systemClock, log: createLogger('test', 'silent'), worker: 'w' });
}

async function deliver(event: string, payload: unknown, { subject = newId('delivery'), plant: at = plant } = {}): Promise<string> {
  const id = newId('delivery');
  await plant.database.execution.forTenant(at.ids.tenantId, (tx) => insertDelivery(tx, at.ids, { id, subject, dedupeKey: id, source: 'webhook', connector: 'ledger', event, payload }));
  return id;
}

const rows = <Row extends object>(name: string, text: string, tenantId = plant.ids.tenantId): Promise<Row[]> => plant.database.execution.forTenant(tenantId, (tx) => tx.rows<Row>(sql(name, text)));
const outcome = async (id: string): Promise<string> => {
  const [row] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ state: string; because: string | null }>(sql('outcome', 'SELECT state, dropped_because AS because FROM execution.deliveries WHERE id = $1'), [id]));
  return row!.because ?? row!.state;
};

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < depth; i++) value = { deeper: value };
  return value;
}

test('many deliveries of several tenants are made runs in one transaction, each with its steps', async () => {
  const other = await plant.openBeside([GOOD]);
  for (let i = 0; i < 20; i++) for (const at of [plant, other]) await deliver('record.good', { id: `r${i}` }, { plant: at });
  await (await intake()).turn();
  expect(commits).toBe(1);
  for (const { ids } of [plant, other]) {
    expect(await rows('made', `SELECT count(*)::int AS runs FROM execution.runs WHERE state = 'queued' AND admitted_at IS NOT NULL`, ids.tenantId)).toEqual([{ runs: 20 }]);
    expect(await rows('steps', 'SELECT state, count(*)::int AS steps FROM execution.steps GROUP BY state ORDER BY state', ids.tenantId)).toEqual([{ state: 'blocked', steps: 20 }, { state: 'ready', steps: 20 }]);
    expect(await rows('events', `SELECT count(*)::int AS events FROM audit.events WHERE type = 'run.created'`, ids.tenantId)).toEqual([{ events: 20 }]);
  }
});

test('what is bad ends dropped with its reason, and all that came with it is started', async () => {
  const good = [await deliver('record.good', { id: 'first' })];
  const bad = new Map([
    [await deliver('record.good', { id: 'deep', more: nested(3_000) }), 'delivery_too_deep'],
    [await deliver('record.good', { id: 'large', text: 'x'.repeat(1024 * 1024) }), 'delivery_too_large'],
    [await deliver('record.good', ['not', 'an', 'object']), 'delivery_unreadable'],
    [await deliver('record.unknown', { id: 'nobody listens' }), 'no_workflow'],
    [await deliver('record.none', { id: 'no steps' }), 'definition_invalid'],
    [await deliver('record.keyed', { id: 'no customer' }), 'limit_key_failed'],
    [await deliver('record.twice', { id: 'refused by the database' }), 'not_startable'],
  ]);
  good.push(await deliver('record.good', { id: 'last' }));
  const worker = await intake();
  while (await worker.turn());
  for (const id of good) expect(await outcome(id)).toBe('started');
  expect(new Map(await Promise.all([...bad.keys()].map(async (id) => [id, await outcome(id)] as const)))).toEqual(bad);
  expect(await rows('audited', `SELECT count(*)::int AS events FROM audit.events WHERE type = 'delivery.dropped'`)).toEqual([{ events: bad.size }]);
  const [{ most } = { most: 0 }] = await rows<{ most: number }>('most', 'SELECT max(attempts) AS most FROM execution.deliveries');
  expect(most).toBeLessThanOrEqual(MAX_DELIVERY_ATTEMPTS);
});

test('one that has taken its worker down before is not tried for ever', async () => {
  const id = await deliver('record.twice', { id: 'refused by the database' });
  await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('tried', 'UPDATE execution.deliveries SET attempts = $1'), [MAX_DELIVERY_ATTEMPTS]));
  const worker = await intake();
  while (await worker.turn());
  expect(await outcome(id)).toBe('delivery_attempts_exhausted');
});

test('what is about the same thing is handled in its order, whoever has the earlier one in hand', async () => {
  const [first, second, other] = [await deliver('record.good', { id: 'one' }, { subject: 'same' }), await deliver('record.good', { id: 'two' }, { subject: 'same' }), await deliver('record.good', { id: 'other' })];
  const worker = await intake();
  await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
    await tx.rows(sql('hold', 'SELECT id FROM execution.deliveries WHERE id = $1 FOR UPDATE'), [first]);
    await worker.turn();
    expect([await outcome(second), await outcome(other)]).toEqual(['accepted', 'started']);
  });
  while (await worker.turn());
  expect([await outcome(first), await outcome(second)]).toEqual(['started', 'already_handled']);
});
