import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { GatewayStore } from '@countersign/connectors/gateway/ports.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import { gatewayStoreConformance } from '@countersign/connectors/gateway/testing/store-conformance.ts';
import type { StoreHarness } from '@countersign/connectors/gateway/testing/store-harness.ts';
import { actionOf, decisionOf, intentOf, SUCCEEDED } from '@countersign/connectors/gateway/testing/store-records.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Contents } from '../contents/contents.ts';
import { PostgresGatewayStore } from '../store/postgres-gateway-store.ts';
import { readAccount, readBudgetEvents, seedWorkspace, setLimits } from '../testing/budget-queries.ts';
import { claimAgain, leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { sql, vote } from '../testing/queries.ts';
import { Committer } from './committer.ts';
import { RunJournal } from './journal.ts';
import { JournalledStore } from './journalled-store.ts';
import { Journals } from './journals.ts';

let plant: Plant;
let keys: FileKeys;
let commits: Database;
let committer: Committer;
const journals = new Journals();
beforeAll(async () => {
  plant = await Plant.open();
  keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  commits = new Database({ url: plant.database.executionUrl, applicationName: 'a committer', maxConnections: 3 });
  committer = new Committer({ database: commits, log: createLogger('test', 'silent'), connections: 2, giveUpMs: 10_000 });
});
afterAll(async () => {
  await commits.close();
  await plant.close();
});

function journalledStore(): JournalledStore {
  const common = { contents: new Contents(keys, 14), clock: systemClock, worker: 'test' };
  return new JournalledStore({ ...common, journals, store: new PostgresGatewayStore({ ...common, database: plant.database.execution, keys, changes: { changed: () => undefined, stepsReady: () => undefined } }) });
}

/** As a worker begins its turn with a step. */
function withJournal(call: CallIdentity): CallIdentity {
  journals.open(call.step.id, call.step.fence, new RunJournal(committer));
  return call;
}

/** What is noted is committed when a turn ends; here after every record, so that each can be looked at. */
function committedAtOnce(store: GatewayStore): GatewayStore {
  const flushed = <Args extends [CallIdentity, ...unknown[]], Result>(record: (...args: Args) => Promise<Result>) => async (...args: Args): Promise<Result> => {
    const result = await record(...args);
    await journals.of(args[0])?.flush();
    return result;
  };
  return {
    findEffect: (...args) => store.findEffect(...args),
    findApproval: (...args) => store.findApproval(...args),
    commitDecision: flushed((...args) => store.commitDecision(...args)),
    commitApprovalRequest: flushed((...args) => store.commitApprovalRequest(...args)),
    commitIntent: flushed((...args) => store.commitIntent(...args)),
    commitOutcome: flushed((...args) => store.commitOutcome(...args)),
    proveHeld: (call) => store.proveHeld(call),
    commitReplay: flushed((...args) => store.commitReplay(...args)),
  };
}

async function makeHarness(): Promise<StoreHarness> {
  const { ids, database } = plant;
  return {
    instanceId: ids.instanceId,
    store: committedAtOnce(journalledStore()),
    leasedCall: async () => withJournal(await leasedCall(plant)),
    budgetedWorkspace: async (limits) => {
      const id = newId('workspace');
      await database.control.forTenant(ids.tenantId, async (tx) => {
        await seedWorkspace(tx, ids.tenantId, id);
        await setLimits(tx, ids.tenantId, id, limits);
      });
      return id;
    },
    setLimits: (workspaceId, limits) => database.control.forTenant(ids.tenantId, (tx) => setLimits(tx, ids.tenantId, workspaceId, limits)),
    leasedCallIn: async (workspaceId, beside) => withJournal(await leasedCall(plant, workspaceId, beside)),
    account: (call, kind) => database.execution.forTenant(ids.tenantId, (tx) => readAccount(tx, call, kind)),
    budgetEvents: (workspaceId) => database.execution.forTenant(ids.tenantId, (tx) => readBudgetEvents(tx, ids.tenantId, workspaceId)),
    claimedAgain: async (call) => withJournal(await claimAgain(plant, call)),
    decide: (_call, approvalId, decision) => database.control.forTenant(ids.tenantId, (tx) => vote(tx, ids, approvalId, newId('vote'), decision === 'approved' ? 'approve' : 'reject')),
  };
}

gatewayStoreConformance('through the journal of a run', makeHarness);

const stateOf = (callId: string): Promise<string | undefined> => plant.database.execution.forTenant(plant.ids.tenantId, async (tx) =>
  (await tx.maybeOne<{ state: string }>(sql('state', 'SELECT state FROM execution.tool_calls WHERE id = $1'), [callId]))?.state);

describe('what is noted', () => {
  it('of an outcome commits with the next intent of the run, and by itself where none comes', async () => {
    const store = journalledStore();
    const call = withJournal(await leasedCall(plant));
    const intend = async (callKey: string): Promise<string> => {
      const its = { ...call, callKey };
      const action = actionOf(plant.ids.instanceId, its);
      return (await store.commitIntent(its, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null, { risk: 'read' }))).callId;
    };
    const first = await intend('main');
    const before = committer.stats().batches;
    await store.commitOutcome(call, first, { ...SUCCEEDED, receipt: null });
    const second = await intend('main/again#1');
    expect(committer.stats().batches).toBe(before + 1);
    expect([await stateOf(first), await stateOf(second)]).toEqual(['succeeded', 'intended']);
    await store.commitOutcome({ ...call, callKey: 'main/again#1' }, second, { ...SUCCEEDED, receipt: null });
    await expect.poll(() => stateOf(second)).toBe('succeeded');
  });

  it('by a worker that is killed before it commits is not there: the call is open, and is found out about', async () => {
    let isKilled = false;
    const call = await leasedCall(plant);
    journals.open(call.step.id, call.step.fence, new RunJournal({ commit: (parts) => (isKilled ? new Promise(() => undefined) : committer.commit(parts)) }));
    const action = actionOf(plant.ids.instanceId, call);
    const store = journalledStore();
    const { callId } = await store.commitIntent(call, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null));
    isKilled = true;
    await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: null });
    const next = withJournal(await claimAgain(plant, call));
    expect(await journalledStore().findEffect(next, null)).toMatchObject({ callId, state: 'intended', ofThisCall: true });
  });

  it('under a lease that is lost stops whoever writes next, and nothing of it is there', async () => {
    const store = journalledStore();
    const call = withJournal(await leasedCall(plant));
    const action = actionOf(plant.ids.instanceId, call);
    const { callId } = await store.commitIntent(call, decisionOf(plant.ids.instanceId, action, 'ALLOW'), intentOf(action, null));
    await claimAgain(plant, call);
    await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: null });
    const its = { ...call, callKey: 'main/next#1' };
    const nextAction = actionOf(plant.ids.instanceId, its);
    await expect(store.commitIntent(its, decisionOf(plant.ids.instanceId, nextAction, 'ALLOW'), intentOf(nextAction, null))).rejects.toBeInstanceOf(StaleLeaseError);
    expect(await stateOf(callId)).toBe('intended');
  });
});
