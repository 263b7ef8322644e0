import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Contents } from '../contents/contents.ts';
import { readRunsWithContents } from '../dispatch/repository-runs.ts';
import type { RunLook } from '../dispatch/repository-runs.ts';
import { claimAgain, leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { sql } from '../testing/queries.ts';
import { Committer } from './committer.ts';
import type { Part, PartResult } from './part.ts';
import { RememberedRun } from './remembered-run.ts';
import { CutLine } from './testing/cut-line.ts';
import { holderOf, intended, succeeded } from './testing/parts.ts';

let plant: Plant;
let beside: Plant;
let contents: Contents;
let line: CutLine;
const pools: Database[] = [];
beforeAll(async () => {
  plant = await Plant.open();
  beside = await plant.openBeside();
  contents = new Contents(await FileKeys.open(`${plant.folder}/key`, { create: false }), 14);
  line = await CutLine.open(plant.database.executionUrl);
});
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));
afterAll(async () => {
  await line.close();
  await plant.close();
});

function committer(connections = 1, url = plant.database.executionUrl, giveUpMs = 10_000): Committer {
  const database = new Database({ url, applicationName: 'a committer', maxConnections: connections + 1 });
  pools.push(database);
  return new Committer({ database, log: createLogger('test', 'silent'), connections, giveUpMs });
}

const intent = (call: CallIdentity, changes: { idempotencyKey?: string } = {}) => intended(contents, plant.ids.instanceId, call, changes);
const kinds = (results: readonly PartResult[]): string[] => results.map(({ kind }) => kind);

/** What is in the tables of these steps: calls by their state, and whether each record has its audit event. */
async function recorded(calls: readonly CallIdentity[], of = plant): Promise<{ calls: Record<string, string[]>; events: number; decisions: number }> {
  const ids = calls.map(({ step }) => step.id);
  return of.database.execution.forTenant(of.ids.tenantId, async (tx) => {
    const rows = await tx.rows<{ step_id: string; state: string }>(sql('calls', 'SELECT step_id, state FROM execution.tool_calls WHERE step_id = ANY ($1) ORDER BY intended_at'), [ids]);
    const { events, decisions } = await tx.one<{ events: number; decisions: number }>(sql('counts', `
      SELECT (SELECT count(*)::int FROM audit.events e WHERE e.run_id = ANY ($2) AND e.type LIKE 'call.%') AS events,
             (SELECT count(*)::int FROM execution.decisions d WHERE d.step_id = ANY ($1)) AS decisions`), [ids, calls.map(({ run }) => run.id)]);
    return { events, decisions, calls: Object.fromEntries(Map.groupBy(rows, (row) => row.step_id).entries().map(([id, these]) => [id, these.map(({ state }) => state)])) };
  });
}

describe('a batch', () => {
  it('of fifty with a stale fence among them writes the other forty-nine, in one transaction', async () => {
    const calls = await Promise.all(Array.from({ length: 50 }, () => leasedCall(plant)));
    const lost = calls[17]!;
    await claimAgain(plant, lost);
    const committing = committer();
    const parts = await Promise.all(calls.map((call) => intent(call)));
    const results = await Promise.all(parts.map(({ part }) => committing.commit([part])));
    expect(results.map(([result]) => result?.kind)).toEqual(calls.map((call) => (call === lost ? 'stale' : 'done')));
    expect(committing.stats().batches).toBe(1);
    const there = await recorded(calls);
    expect(Object.keys(there.calls)).toHaveLength(49);
    expect(there.calls[lost.step.id]).toBeUndefined();
    expect([there.events, there.decisions]).toEqual([49, 49]);
  });

  it('with a row that PostgreSQL refuses writes all but that unit, and says why', async () => {
    const calls = await Promise.all(Array.from({ length: 50 }, () => leasedCall(plant)));
    const key = `taken-${newId('run')}`;
    const holder = await leasedCall(plant);
    const committing = committer();
    expect(kinds(await committing.commit([(await intent(holder, { idempotencyKey: key })).part]))).toEqual(['done']);
    const parts = await Promise.all(calls.map((call, index) => intent(call, index === 31 ? { idempotencyKey: key } : {})));
    const results = await Promise.all(parts.map(({ part }) => committing.commit([part])));
    expect(results.map(([result]) => result?.kind)).toEqual(calls.map((_, index) => (index === 31 ? 'refused' : 'done')));
    expect(results[31]![0]).toMatchObject({ kind: 'refused', error: { constraint: 'one_effect_per_idempotency_key' } });
    const there = await recorded(calls);
    expect([Object.keys(there.calls).length, there.events, there.decisions]).toEqual([49, 49, 49]);
  });

  it.each([
    ['lacks a grant', 'REVOKE INSERT ON execution.tool_calls FROM countersign_execution', 'GRANT INSERT ON execution.tool_calls TO countersign_execution', '42501'],
    ['may only read', 'ALTER ROLE countersign_execution IN DATABASE $db SET default_transaction_read_only = on', 'ALTER ROLE countersign_execution IN DATABASE $db RESET default_transaction_read_only', '25006'],
  ])('of a role that %s is refused whole by one transaction, leaves nothing, and is written when that is mended', async (_name, breaks, mends, code) => {
    const calls = await Promise.all(Array.from({ length: 20 }, () => leasedCall(plant)));
    const parts = await Promise.all(calls.map((call) => intent(call)));
    const admin = new Database({ url: plant.database.adminUrl, applicationName: 'test', maxConnections: 1 });
    // In this database alone: the server is shared.
    const change = (text: string): Promise<number> => admin.forNoTenant((tx) => tx.change({ name: text.slice(-60), text: text.replace('$db', `"${new URL(plant.database.adminUrl).pathname.slice(1)}"`) }));
    pools.push(admin);
    await change(breaks);
    const committing = committer();
    try {
      const results = await Promise.all(parts.map(({ part }) => committing.commit([part])));
      expect(results.map(([result]) => result)).toEqual(calls.map(() => ({ kind: 'refused', error: expect.objectContaining({ code }) })));
      expect(committing.stats().batches).toBe(1);
      expect(await recorded(calls)).toMatchObject({ calls: {}, events: 0, decisions: 0 });
    } finally {
      await change(mends);
    }
    const again = committer();
    expect((await Promise.all(parts.map(({ part }) => again.commit([part])))).flatMap(kinds)).toEqual(calls.map(() => 'done'));
  });

  it('of several tenants acts for each of them, and shows none of it to another', async () => {
    const [here, there] = [await leasedCall(plant), await leasedCall(beside)];
    const committing = committer();
    const parts = [await intent(here), await intended(contents, beside.ids.instanceId, there)];
    expect((await Promise.all(parts.map(({ part }) => committing.commit([part])))).map(kinds)).toEqual([['done'], ['done']]);
    expect(committing.stats().batches).toBe(1);
    expect((await recorded([here, there])).calls).toEqual({ [here.step.id]: ['intended'] });
    expect((await recorded([here, there], beside)).calls).toEqual({ [there.step.id]: ['intended'] });
  });

  it('lets nobody write for a tenant that no unit of it is of', async () => {
    const [here, there] = [await leasedCall(plant), await leasedCall(beside)];
    const { part } = await intended(contents, beside.ids.instanceId, there);
    const [result] = await committer().commit([{ ...part, holder: holderOf(here) }]);
    expect(result).toMatchObject({ kind: 'refused', error: { code: '42501' } });
    expect((await recorded([there], beside)).calls).toEqual({});
  });
});

describe('a unit of several parts', () => {
  it('keeps the outcome and the end of a step where the next intent is refused', async () => {
    const { call, next, remembered } = await stepWithSuccessor();
    const committing = committer();
    const first = await intent(call);
    await committing.commit([first.part]);
    const taken = `taken-${newId('run')}`;
    await committing.commit([(await intent(await leasedCall(plant), { idempotencyKey: taken })).part]);
    const results = await committing.commit([succeeded(call, first.callId), endOf(remembered, call), (await intent(next, { idempotencyKey: taken })).part]);
    expect(kinds(results)).toEqual(['done', 'done', 'refused']);
    expect((await recorded([call, next])).calls).toEqual({ [call.step.id]: ['succeeded'] });
    expect(await stepStates(call)).toEqual(['succeeded', 'leased']);
  });

  it('writes no move of a run that is another than was remembered, but what happened before it', async () => {
    const { call, next, remembered } = await stepWithSuccessor();
    const committing = committer();
    const first = await intent(call);
    await committing.commit([first.part]);
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('cancel', `UPDATE execution.runs SET state = 'cancelling' WHERE id = $1`), [call.run.id]));
    const results = await committing.commit([succeeded(call, first.callId), endOf(remembered, call), (await intent(next)).part]);
    expect(kinds(results)).toEqual(['done', 'changed', 'dropped']);
    expect((await recorded([call, next])).calls).toEqual({ [call.step.id]: ['succeeded'] });
    expect(await stepStates(call)).toEqual(['leased', 'blocked']);
  });

  it('is written once by two committers that have the same run', async () => {
    const { call, remembered } = await stepWithSuccessor();
    const again = new RememberedRun((await look(call)).run!);
    const results = await Promise.all([committer().commit([endOf(remembered, call)]), committer().commit([endOf(again, call)])]);
    expect(results.flatMap(kinds).toSorted()).toEqual(['done', 'stale']);
    expect(await stepStates(call)).toEqual(['succeeded', 'leased']);
  });

  it('ends the lease that it gives up and begins that of the next step', async () => {
    const { call, next, remembered } = await stepWithSuccessor();
    await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.change(sql('attempt', `INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker) VALUES ($1, $2, 1, 1, 'test')`), [plant.ids.tenantId, call.step.id]));
    await committer().commit([endOf(remembered, call)]);
    const leases = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows(sql('leases', 'SELECT step_id, previous_state, state, result FROM execution.step_attempts WHERE step_id = ANY ($1) ORDER BY started_at'), [[call.step.id, next.step.id]]));
    expect(leases).toEqual([{ step_id: call.step.id, previous_state: 'held', state: 'released', result: 'succeeded' }, { step_id: next.step.id, previous_state: 'new', state: 'held', result: null }]);
  });
});

describe('a connection that breaks while a batch is committed', () => {
  it.each(['question', 'answer'] as const)('at the %s: what became of it is looked up, and each unit is there once', async (moment) => {
    const calls = await Promise.all(Array.from({ length: 5 }, () => leasedCall(plant)));
    await claimAgain(plant, calls[2]!);
    const committing = committer(1, line.url);
    // The line is in use before it is cut.
    expect(kinds(await committing.commit([(await intent(await leasedCall(plant))).part]))).toEqual(['done']);
    const parts = await Promise.all(calls.map((call) => intent(call)));
    line.cutAt(moment);
    const results = await Promise.all(parts.map(({ part }) => committing.commit([part])));
    expect(results.map(([result]) => result?.kind)).toEqual(['done', 'done', 'stale', 'done', 'done']);
    const there = await recorded(calls);
    expect(Object.values(there.calls)).toEqual(Array.from({ length: 4 }, () => ['intended']));
    expect([there.events, there.decisions]).toEqual([4, 4]);
  });
});

describe('a database that does not come back', () => {
  it('leaves each unit with why: nobody waits for ever, and nothing is taken for written', async () => {
    const gone = await CutLine.open(plant.database.executionUrl);
    const committing = committer(1, gone.url, 100);
    const parts = await Promise.all([await leasedCall(plant), await leasedCall(plant)].map((call) => intent(call)));
    await gone.close();
    const results = await Promise.all(parts.map(({ part }) => committing.commit([part])));
    expect(results.flatMap(kinds)).toEqual(['refused', 'refused']);
  });
});

/** A leased step and one behind it that waits for it. */
async function stepWithSuccessor(): Promise<{ call: CallIdentity; next: CallIdentity; remembered: RememberedRun }> {
  const call = await leasedCall(plant);
  const id = newId('step');
  await plant.database.execution.forTenant(plant.ids.tenantId, async (tx) => {
    await tx.change(sql('successor', `INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, needs, state) VALUES ($1, $2, $3, 'behind', 1, 'servicenow/incident.update', $4, 'blocked')`), [plant.ids.tenantId, id, call.run.id, [call.step.key]]);
    await tx.change(sql('running', `UPDATE execution.runs SET state = 'running' WHERE id = $1`), [call.run.id]);
  });
  const { run } = await look(call);
  return { call, next: { ...call, step: { id, key: 'behind', attempt: 1, fence: '1' } }, remembered: new RememberedRun(run!) };
}

function endOf(remembered: RememberedRun, call: CallIdentity): Part {
  const moved = remembered.move(() => ({
    steps: [{ id: call.step.id, from: 'leased', to: 'succeeded', fence: call.step.fence, lease: 'held' }], continueAs: { worker: 'test', leaseMs: 60_000 },
  }), holderOf(call), { kind: 'worker', id: 'test' }, new Date());
  if (moved === null) throw new TypeError('The move is not plain.');
  return moved.part;
}

async function stepStates(call: CallIdentity): Promise<string[]> {
  const rows = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<{ state: string }>(sql('states', 'SELECT state FROM execution.steps WHERE run_id = $1 ORDER BY ordinal'), [call.run.id]));
  return rows.map(({ state }) => state);
}

async function look(call: CallIdentity): Promise<RunLook> {
  const [looked] = await readRunsWithContents(plant.database.execution, [{ tenantId: plant.ids.tenantId, runId: call.run.id }]);
  return looked!;
}
