import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { Tenants } from '../loops/tenants.ts';
import { claimEverything, readOutbox, readyRuns, retryLater } from '../testing/ready-runs.ts';
import { seedPlace, seedTenant } from '../testing/queries.ts';
import type { PlaceIds } from '../testing/queries.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { NOTES_WORK } from './repository-outbox.ts';
import { endTaking } from './testing/queries.ts';

const ids: PlaceIds = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
let made: TestDatabase;
let database: Database;
/** What the queue was given, call by call. */
let sent: string[][];
let onSend: () => Promise<void>;

beforeEach(async () => {
  made = await createTestDatabase();
  await made.control.forTenant(ids.tenantId, async (tx) => { await seedTenant(tx, ids.tenantId, 'relay'); await seedPlace(tx, ids); });
  database = new Database({ url: made.executionUrl, applicationName: 'relay test', settings: NOTES_WORK });
  sent = [];
  onSend = () => Promise.resolve();
});
afterEach(async () => {
  await database.close();
  await made.drop();
});

function relay(refused: (body: string) => boolean = () => false): OutboxRelay {
  const send = async (bodies: readonly string[]): Promise<string[]> => {
    if (bodies.length > 0) sent.push([...bodies]);
    await onSend();
    return bodies.filter(refused);
  };
  return new OutboxRelay({ database, tenants: new Tenants(database), queue: { send }, onError: () => undefined });
}

function runsOf(bodies: readonly string[]): string[] {
  return bodies.map((body) => (JSON.parse(body) as { run_id: string }).run_id).toSorted();
}

it('tells of each run once, however many of its steps became ready, and forgets it', async () => {
  const runs = await readyRuns(database, ids, 25);
  await claimEverything(database, ids);
  for (const runId of runs) await retryLater(database, ids, runId, 0);
  expect((await readOutbox(database, ids)).map((row) => row.changes)).toEqual(runs.map(() => 2));
  expect(await relay().turn()).toBe(false);
  expect(runsOf(sent.flat())).toEqual(runs.toSorted());
  expect(JSON.parse(sent[0]![0]!)).toEqual({ v: 1, tenant_id: ids.tenantId, run_id: expect.any(String) as string });
  expect(await readOutbox(database, ids)).toEqual([]);
});

it('nothing is noted by connections that have no queue', async () => {
  await readyRuns(made.execution, ids, 3);
  expect(await readOutbox(database, ids)).toEqual([]);
});

it('work that its maker claims meanwhile costs no message', async () => {
  await readyRuns(database, ids, 3);
  await claimEverything(database, ids);
  await relay().turn();
  expect(sent).toEqual([]);
  expect(await readOutbox(database, ids)).toEqual([]);
});

it('one that dies between the queue and the outbox leaves the row for another, which tells of it again', async () => {
  const [runId] = await readyRuns(database, ids);
  onSend = () => Promise.reject(new Error('killed'));
  await expect(relay().turn()).rejects.toThrow('killed');
  onSend = () => Promise.resolve();
  await relay().turn();
  expect(sent.flat(), 'while the first one may still be at it').toHaveLength(1);
  await endTaking(made.adminUrl);
  await relay().turn();
  expect(runsOf(sent.flat())).toEqual([runId, runId]);
  expect(await readOutbox(database, ids)).toEqual([]);
});

it('work that comes while its run is being told of is told of, too', async () => {
  const [runId] = await readyRuns(database, ids);
  onSend = async () => {
    onSend = () => Promise.resolve();
    await claimEverything(database, ids);
    await retryLater(database, ids, runId!, 0);
  };
  await relay().turn();
  expect(await readOutbox(database, ids)).toEqual([{ run_id: runId, changes: 2 }]);
  await relay().turn();
  expect(runsOf(sent.flat())).toEqual([runId, runId]);
  expect(await readOutbox(database, ids)).toEqual([]);
});

it('a retry is told of when it is due and not before', async () => {
  const [runId] = await readyRuns(database, ids);
  await claimEverything(database, ids);
  await relay().turn();
  await retryLater(database, ids, runId!, 3_600_000);
  await relay().turn();
  expect(sent).toEqual([]);
  expect(await readOutbox(database, ids)).toEqual([{ run_id: runId, changes: 1 }]);
});

it('what the queue refuses singly is told of again', async () => {
  const [first] = await readyRuns(database, ids, 2);
  await relay((body) => body.includes(first!)).turn();
  expect((await readOutbox(database, ids)).map((row) => row.run_id)).toEqual([first]);
});

it('many relays at once tell of everything, of most of it once', async () => {
  const runs = await readyRuns(database, ids, 250);
  const relays = [relay(), relay(), relay()];
  while ((await readOutbox(database, ids)).length > 0) await Promise.all(relays.map((one) => one.turn()));
  expect(new Set(runsOf(sent.flat()))).toEqual(new Set(runs));
  expect(sent.flat()).toHaveLength(250);
});
