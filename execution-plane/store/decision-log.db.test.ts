import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetExceededError } from '@countersign/connectors/gateway/budget.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { DecisionRecord } from '@countersign/connectors/gateway/ports.ts';
import { actionOf, decisionOf, intentOf, requestOf } from '@countersign/connectors/gateway/testing/store-records.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Contents } from '../contents/contents.ts';
import { Sweeper } from '../dispatch/sweeper.ts';
import { Tenants } from '../loops/tenants.ts';
import { seedWorkspace, setLimits } from '../testing/budget-queries.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { readLoggedDecisions, seedTenant } from '../testing/queries.ts';
import type { LoggedRow } from '../testing/queries.ts';
import { PostgresGatewayStore } from './postgres-gateway-store.ts';

const changes = { changed: () => undefined, stepsReady: () => undefined };
const SECRET = 'Her password is on the note';
let plant: Plant;
let keys: FileKeys;
beforeAll(async () => {
  plant = await Plant.open();
  keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
});
afterAll(() => plant.close());

function storeWith(retentionDays: number): PostgresGatewayStore {
  return new PostgresGatewayStore({ database: plant.database.execution, keys, contents: new Contents(keys, retentionDays), clock: systemClock, worker: 'test', changes });
}

/** A decision on this call as the gateway records it, with content in what policy was asked. */
function decided(call: CallIdentity, outcome: DecisionRecord['outcome'], changes: Partial<DecisionRecord> = {}): DecisionRecord {
  const inputText = `{"parameters":{"work_note":"${SECRET}"},"run":{"workflow":"triage"}}`;
  return {
    ...decisionOf(plant.ids.instanceId, actionOf(plant.ids.instanceId, call), outcome), inputText, inputDigest: digestOfBytes(inputText),
    maskedInput: { run: { workflow: 'triage' } }, erased: ['/input/parameters/work_note'], ...changes,
  };
}

async function logged(decision: Pick<DecisionRecord, 'id'>, tenantId = plant.ids.tenantId): Promise<LoggedRow | undefined> {
  return (await plant.database.execution.forTenant(tenantId, readLoggedDecisions)).find((row) => row.id === decision.id);
}

/** Each way in which the gateway commits what policy said. */
const COMMITS: ReadonlyArray<readonly [DecisionRecord['outcome'], (store: PostgresGatewayStore, call: CallIdentity, decision: DecisionRecord) => Promise<unknown>]> = [
  ['ALLOW', (store, call, decision) => store.commitIntent(call, decision, intentOf(actionOf(plant.ids.instanceId, call), null, { risk: 'read' }))],
  ['DENY', (store, call, decision) => store.commitDecision(call, decision)],
  ['THROTTLE', (store, call, decision) => store.commitDecision(call, decision)],
  ['ROUTE', (store, call, decision) => store.commitDecision(call, decision)],
  ['REQUIRE_HITL', (store, call, decision) => store.commitApprovalRequest(call, decision, requestOf(actionOf(plant.ids.instanceId, call)))],
  ['REQUIRE_STEP_UP', (store, call, decision) => store.commitApprovalRequest(call, decision, { ...requestOf(actionOf(plant.ids.instanceId, call)), signIn: { minStrength: 'passkey', maxAgeMs: 300_000 } })],
];

describe('the log of a decision', () => {
  it.each(COMMITS)('%s says who asked, by which bundle, and what was asked: masked, and whole under seal', async (outcome, commit) => {
    const call = await leasedCall(plant);
    const decision = decided(call, outcome);
    await commit(storeWith(14), call, decision);
    const row = await logged(decision);
    expect(row).toMatchObject({
      outcome, run_id: call.run.id, step_id: call.step.id, call_key: 'main', action: decision.action, instance_id: plant.ids.instanceId, action_digest: decision.actionDigest,
      workspace_id: call.workspace.id, environment_id: call.environment.id, workflow: 'triage', principal_id: 'workflow:triage', path: 'countersign/decision',
      bundle_revision: decision.bundle?.revision, bundle_digest: decision.bundle?.digest, bundle_expires_at: new Date(decision.bundle?.expires_at ?? 0),
      reasons: decision.reasons, obligations: decision.obligations, masked_input: { run: { workflow: 'triage' } }, erased: ['/input/parameters/work_note'],
      input_digest: decision.inputDigest, input_shredded_at: null, shadows: [], differs: false, routed_from: null,
    });
    const whole = Buffer.from(await keys.unseal(plant.ids.tenantId, 'content', decision.id, row!.input_sealed!)).toString('utf8');
    expect(whole).toBe(decision.inputText);
    expect(digestOfBytes(whole)).toBe(row!.input_digest);
    expect(JSON.stringify({ ...row, input_sealed: row!.input_sealed!.toString('latin1') })).not.toContain(SECRET);
  });

  it('that a budget refused is there, too', async () => {
    const workspace = newId('workspace');
    await plant.database.control.forTenant(plant.ids.tenantId, async (tx) => {
      await seedWorkspace(tx, plant.ids.tenantId, workspace);
      await setLimits(tx, plant.ids.tenantId, workspace, { run: '0.01', month: null });
    });
    const call = await leasedCall(plant, workspace);
    const decision = decided(call, 'ALLOW');
    await expect(storeWith(14).commitIntent(call, decision, intentOf(actionOf(plant.ids.instanceId, call), null, { estimate: { amountUsd: '1', unpriced: [] } }))).rejects.toBeInstanceOf(BudgetExceededError);
    expect(await logged(decision)).toMatchObject({ outcome: 'ALLOW', workspace_id: workspace, masked_input: { run: { workflow: 'triage' } } });
  });

  it('names what did not bind, what was taken out before, and what sent the call here', async () => {
    const call = await leasedCall(plant);
    const shadow = { source: 'bundle' as const, outcome: 'DENY' as const, reasons: [{ rule: 'tenant/quiet_hours', message: 'Not at night' }], obligations: {}, bundle: decisionOf('ins', actionOf('ins', call), 'DENY').bundle, differs: true };
    const decision = decided(call, 'DENY', { shadows: [shadow], routedFrom: 'dec_before', adjusted: { capped: ['/count'], redacted: ['/note'] } });
    await storeWith(14).commitDecision(call, decision);
    expect(await logged(decision)).toMatchObject({ shadows: [shadow], differs: true, routed_from: 'dec_before', adjusted: { capped: ['/count'], redacted: ['/note'] } });
  });

  it('of which nothing could be masked keeps nothing but what is sealed', async () => {
    const call = await leasedCall(plant);
    const decision = decided(call, 'DENY', { maskedInput: null, erased: ['/input'], bundle: null });
    await storeWith(14).commitDecision(call, decision);
    expect(await logged(decision)).toMatchObject({ masked_input: null, erased: ['/input'], bundle_expires_at: null, bundle_digest: null });
  });

  it('is nobody else\'s: another tenant sees no row', async () => {
    const call = await leasedCall(plant);
    const decision = decided(call, 'DENY');
    await storeWith(14).commitDecision(call, decision);
    const other = newId('tenant');
    await plant.database.control.forTenant(other, (tx) => seedTenant(tx, other, `other-${other.slice(-8)}`));
    expect(await plant.database.execution.forTenant(other, readLoggedDecisions)).toEqual([]);
    expect(await plant.database.control.forTenant(other, readLoggedDecisions)).toEqual([]);
    expect(await logged(decision)).toBeDefined();
  });

  it('is not written when the lease is lost: there is no decision without what it decided', async () => {
    const call = await leasedCall(plant);
    const stale = { ...call, step: { ...call.step, fence: '99' } };
    for (const [outcome, commit] of COMMITS) {
      const decision = decided(call, outcome);
      await expect(commit(storeWith(14), stale, decision)).rejects.toThrow();
      expect(await logged(decision)).toBeUndefined();
    }
  });
});

describe('what policy was asked', () => {
  it('is never stored where content is not kept', async () => {
    const call = await leasedCall(plant);
    const decision = decided(call, 'DENY');
    await storeWith(0).commitDecision(call, decision);
    expect(await logged(decision)).toMatchObject({ input_sealed: null, input_shredded_at: null, masked_input: { run: { workflow: 'triage' } } });
  });

  it('is shredded when its retention is over, and not before; what was masked stays', async () => {
    const call = await leasedCall(plant);
    const decision = decided(call, 'DENY');
    await storeWith(14).commitDecision(call, decision);
    const database = plant.database.execution;
    const sweeper = (retentionDays: number): Sweeper => new Sweeper({ database, tenants: new Tenants(database), changes, contents: new Contents(keys, retentionDays), clock: systemClock, log: createLogger('test', 'silent'), worker: 'test' });
    await sweeper(1).shred();
    expect((await logged(decision))?.input_sealed).not.toBeNull();
    while (await sweeper(0).shred());
    expect(await logged(decision)).toMatchObject({ input_sealed: null, input_shredded_at: expect.any(Date), masked_input: { run: { workflow: 'triage' } }, input_digest: decision.inputDigest });
  });
});
