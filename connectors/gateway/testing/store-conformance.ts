import { describe, expect, test } from 'vitest';
import type { DigestedAction } from '../canonical-action.ts';
import { ApprovalNotUsableError, EffectExistsError, StaleLeaseError } from '../ports.ts';
import { budgetConformance } from './budget-conformance.ts';
import { concurrencyConformance } from './concurrency-conformance.ts';
import { keyConformance } from './key-conformance.ts';
import type { StoreHarness } from './store-harness.ts';
import { actionOf, decisionOf, failed, intentOf, OUTPUT, PREVIEW, RECEIPT, requestOf, SUCCEEDED, TARGET } from './store-records.ts';

/** What every `GatewayStore` must do: run by the store in memory and by the one on Postgres. */
export function gatewayStoreConformance(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`gateway store: ${name}`, () => {
    test('knows nothing of a step that has asked for nothing', async () => {
      const { store, ...harness } = await makeHarness();
      const call = await harness.leasedCall();
      expect(await store.findEffect(call, null)).toBeNull();
      expect(await store.findApproval(call)).toBeNull();
    });

    test('an approval is found as it was asked for, byte for byte, with its free texts', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness.instanceId, call);
      const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action));
      expect(await store.findApproval(call)).toMatchObject({
        id: approvalId, state: 'pending', actionDigest: action.digest, actionText: action.text, content: { '/work_note': 'a note' }, preview: PREVIEW, target: TARGET, tier: 'standard', votes: [],
      });
      expect(await store.findApproval({ ...call, callKey: 'other' })).toBeNull();
    });

    test('asking twice for the same action while nobody has used the answer is one request', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness.instanceId, call);
      const first = await store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action));
      const second = await store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action));
      expect(second).toEqual(first);
    });

    test('an approval lets one effect happen, and is then used up', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      expect(await store.findApproval(call)).toMatchObject({ id: approvalId, state: 'consumed', reusable: false });
      expect(await store.findEffect(call, null)).toMatchObject({ callId, state: 'intended', actionText: action.text, actionDigest: action.digest, content: { '/work_note': 'a note' }, risk: 'write', output: null, receipt: null, target: TARGET });
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      expect(await store.findEffect(call, null)).toMatchObject({ callId, state: 'succeeded', output: OUTPUT, receipt: RECEIPT });
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: false });
    });

    test('an attempt that had no effect leaves room for the next, under the same approval and the same key', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const first = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, first.callId, failed('failed'));
      expect(await store.findEffect(call, null)).toBeNull();
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: true });
      const second = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      expect(second.callId).not.toBe(first.callId);
      expect(await store.findEffect(call, null)).toMatchObject({ callId: second.callId, state: 'intended' });
    });

    test('while an effect is under way, uncertain or done there is no second one', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      const again = () => store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW'), intentOf(action, null));
      await expect(again()).rejects.toThrow(EffectExistsError);
      await store.commitOutcome(call, callId, failed('uncertain'));
      await expect(again()).rejects.toThrow(EffectExistsError);
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      await expect(again()).rejects.toThrow(EffectExistsError);
    });

    test('an uncertain outcome is found, and may become certain', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, callId, failed('uncertain'));
      expect(await store.findEffect(call, null)).toMatchObject({ callId, state: 'uncertain' });
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: false });
      await store.commitOutcome(call, callId, failed('failed'));
      expect(await store.findEffect(call, null)).toBeNull();
    });

    test('an outcome is written once', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      await expect(store.commitOutcome(call, callId, failed('failed'))).rejects.toThrow(StaleLeaseError);
      expect(await store.findEffect(call, null)).toMatchObject({ state: 'succeeded' });
    });

    test('an approval that is pending, rejected or for another action is no approval', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness.instanceId, call);
      const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action));
      const use = (used: DigestedAction) => store.commitIntent(call, decisionOf(harness.instanceId, used, 'ALLOW', approvalId), intentOf(used, approvalId));
      await expect(use(action)).rejects.toThrow(ApprovalNotUsableError);
      await harness.decide(call, approvalId, 'rejected');
      expect(await store.findApproval(call)).toMatchObject({ state: 'rejected' });
      await expect(use(action)).rejects.toThrow(ApprovalNotUsableError);
      expect(await store.findEffect(call, null)).toBeNull();
    });

    test('an approval is bound to its digest', async () => {
      const { store, call, approvalId, harness } = await approvedCall(makeHarness);
      const other = actionOf(harness.instanceId, call, 'hardware');
      await expect(store.commitIntent(call, decisionOf(harness.instanceId, other, 'ALLOW', approvalId), intentOf(other, approvalId))).rejects.toThrow(ApprovalNotUsableError);
      expect(await store.findApproval(call)).toMatchObject({ state: 'approved' });
    });

    test('the votes are told with the role and the strength they were cast with', async () => {
      const { store, call } = await approvedCall(makeHarness);
      const votes = (await store.findApproval(call))?.votes ?? [];
      expect(votes).toMatchObject([{ role: 'approver', decision: 'approve' }]);
      expect(votes[0]?.principalId).toBeTruthy();
      expect(votes[0]?.authStrength).toBeTruthy();
    });

    test('nothing is written under a lost lease', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      const successor = await harness.claimedAgain(call);
      await expect(store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT })).rejects.toThrow(StaleLeaseError);
      await expect(store.proveHeld(call)).rejects.toThrow(StaleLeaseError);
      await expect(store.commitDecision(call, decisionOf(harness.instanceId, action, 'DENY'))).rejects.toThrow(StaleLeaseError);
      await expect(store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action))).rejects.toThrow(StaleLeaseError);
      await expect(store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW'), intentOf(action, null))).rejects.toThrow(StaleLeaseError);
      expect(await store.findEffect(successor, null)).toMatchObject({ callId, state: 'intended' });
      await store.commitOutcome(successor, callId, { ...SUCCEEDED, receipt: RECEIPT });
      expect(await store.findEffect(successor, null)).toMatchObject({ state: 'succeeded' });
    });

    test('reads are recorded and leave no effect', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness.instanceId, call);
      for (const outcome of [{ ...SUCCEEDED, receipt: null }, failed('failed')]) {
        const { callId } = await store.commitIntent(call, decisionOf(harness.instanceId, action, 'ALLOW'), { ...intentOf(action, null), risk: 'read' });
        await store.commitOutcome(call, callId, outcome);
      }
      expect(await store.findEffect(call, null)).toBeNull();
    });
  });
  concurrencyConformance(makeHarness);
  keyConformance(name, makeHarness);
  budgetConformance(name, makeHarness);
}

async function approvedCall(makeHarness: () => Promise<StoreHarness>) {
  const harness = await makeHarness();
  const { store } = harness;
  const call = await harness.leasedCall();
  const action = actionOf(harness.instanceId, call);
  const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness.instanceId, action, 'REQUIRE_HITL'), requestOf(action));
  await harness.decide(call, approvalId, 'approved');
  expect(await store.findApproval(call)).toMatchObject({ id: approvalId, state: 'approved' });
  return { harness, store, call, action, approvalId };
}
