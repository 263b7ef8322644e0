import { describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { JsonObject } from '../../sdk/connector.ts';
import { canonicalAction } from '../canonical-action.ts';
import type { DigestedAction } from '../canonical-action.ts';
import { ApprovalNotUsableError, StaleLeaseError } from '../ports.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { ApprovalRequest, DecisionRecord, GatewayStore, Intent, Outcome } from '../ports.ts';

/** What a store under test needs around it: steps that are leased, and somebody who decides approvals. */
export interface StoreHarness {
  readonly store: GatewayStore;
  /** A call of a fresh step that is leased under the fence it names; its connector instance is `instanceId`. */
  leasedCall(): Promise<CallIdentity>;
  readonly instanceId: string;
  /** Another worker takes the step over: the identity that it works under. */
  claimedAgain(call: CallIdentity): Promise<CallIdentity>;
  /** A person with the role `approver` decides, as the control plane would write it. */
  decide(call: CallIdentity, approvalId: string, decision: 'approved' | 'rejected'): Promise<void>;
}

const CONTENT_PARAMETERS = ['/work_note'];
const PREVIEW: ApprovalRequest['preview'] = { title: 'Update INC1', fields: [{ name: 'category', label: 'Category', before: 'Inquiry', after: 'Network' }], additions: [] };
const TARGET = { id: 'f'.repeat(32), label: 'INC1', version: '3' };
const OUTPUT: JsonObject = { sys_id: 'x', nested: { list: [1, 'two', null] } };
const SUCCEEDED = { state: 'succeeded' as const, output: OUTPUT, costs: [], durationMs: 12, requestDigest: null, responseDigest: null };
const RECEIPT = { target_id: TARGET.id, version_before: '3', version_after: '4', written_versions: [`${TARGET.id}:4`], fields_written: ['category'], verified_by_reading_back: true };

/** What every `GatewayStore` must do: run by the store in memory and by the one on Postgres. */
export function gatewayStoreConformance(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`gateway store: ${name}`, () => {
    test('knows nothing of a step that has asked for nothing', async () => {
      const { store, ...harness } = await makeHarness();
      const call = await harness.leasedCall();
      expect(await store.findEffect(call)).toBeNull();
      expect(await store.findApproval(call)).toBeNull();
    });

    test('an approval is found as it was asked for, byte for byte, with its free texts', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness, call);
      const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action));
      expect(await store.findApproval(call)).toMatchObject({
        id: approvalId, state: 'pending', actionDigest: action.digest, actionText: action.text, content: { '/work_note': 'a note' }, preview: PREVIEW, target: TARGET, tier: 'standard', votes: [],
      });
      expect(await store.findApproval({ ...call, callKey: 'other' })).toBeNull();
    });

    test('asking twice for the same action while nobody has used the answer is one request', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness, call);
      const first = await store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action));
      const second = await store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action));
      expect(second).toEqual(first);
    });

    test('an approval lets one effect happen, and is then used up', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      expect(await store.findApproval(call)).toMatchObject({ id: approvalId, state: 'consumed', reusable: false });
      expect(await store.findEffect(call)).toMatchObject({ callId, state: 'intended', actionText: action.text, actionDigest: action.digest, content: { '/work_note': 'a note' }, risk: 'write', output: null, receipt: null, target: TARGET });
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      expect(await store.findEffect(call)).toMatchObject({ callId, state: 'succeeded', output: OUTPUT, receipt: RECEIPT });
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: false });
    });

    test('an attempt that had no effect leaves room for the next, under the same approval and the same key', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const first = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, first.callId, failed('failed'));
      expect(await store.findEffect(call)).toBeNull();
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: true });
      const second = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      expect(second.callId).not.toBe(first.callId);
      expect(await store.findEffect(call)).toMatchObject({ callId: second.callId, state: 'intended' });
    });

    test('while an effect is under way, uncertain or done there is no second one', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      const again = () => store.commitIntent(call, decisionOf(harness, action, 'ALLOW'), intentOf(action, null));
      await expect(again()).rejects.toThrow(/one_effect_per_idempotency_key/);
      await store.commitOutcome(call, callId, failed('uncertain'));
      await expect(again()).rejects.toThrow(/one_effect_per_idempotency_key/);
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      await expect(again()).rejects.toThrow(/one_effect_per_idempotency_key/);
    });

    test('an uncertain outcome is found, and may become certain', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, callId, failed('uncertain'));
      expect(await store.findEffect(call)).toMatchObject({ callId, state: 'uncertain' });
      expect(await store.findApproval(call)).toMatchObject({ state: 'consumed', reusable: false });
      await store.commitOutcome(call, callId, failed('failed'));
      expect(await store.findEffect(call)).toBeNull();
    });

    test('an outcome is written once', async () => {
      const { store, call, action, approvalId, harness } = await approvedCall(makeHarness);
      const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      await store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT });
      await expect(store.commitOutcome(call, callId, failed('failed'))).rejects.toThrow(StaleLeaseError);
      expect(await store.findEffect(call)).toMatchObject({ state: 'succeeded' });
    });

    test('an approval that is pending, rejected or for another action is no approval', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness, call);
      const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action));
      const use = (used: DigestedAction) => store.commitIntent(call, decisionOf(harness, used, 'ALLOW', approvalId), intentOf(used, approvalId));
      await expect(use(action)).rejects.toThrow(ApprovalNotUsableError);
      await harness.decide(call, approvalId, 'rejected');
      expect(await store.findApproval(call)).toMatchObject({ state: 'rejected' });
      await expect(use(action)).rejects.toThrow(ApprovalNotUsableError);
      expect(await store.findEffect(call)).toBeNull();
    });

    test('an approval is bound to its digest', async () => {
      const { store, call, approvalId, harness } = await approvedCall(makeHarness);
      const other = actionOf(harness, call, 'hardware');
      await expect(store.commitIntent(call, decisionOf(harness, other, 'ALLOW', approvalId), intentOf(other, approvalId))).rejects.toThrow(ApprovalNotUsableError);
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
      const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW', approvalId), intentOf(action, approvalId));
      const successor = await harness.claimedAgain(call);
      await expect(store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: RECEIPT })).rejects.toThrow(StaleLeaseError);
      await expect(store.commitDecision(call, decisionOf(harness, action, 'DENY'))).rejects.toThrow(StaleLeaseError);
      await expect(store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action))).rejects.toThrow(StaleLeaseError);
      await expect(store.commitIntent(call, decisionOf(harness, action, 'ALLOW'), intentOf(action, null))).rejects.toThrow(StaleLeaseError);
      expect(await store.findEffect(successor)).toMatchObject({ callId, state: 'intended' });
      await store.commitOutcome(successor, callId, { ...SUCCEEDED, receipt: RECEIPT });
      expect(await store.findEffect(successor)).toMatchObject({ state: 'succeeded' });
    });

    test('reads are recorded and leave no effect', async () => {
      const harness = await makeHarness();
      const { store } = harness;
      const call = await harness.leasedCall();
      const action = actionOf(harness, call);
      for (const outcome of [{ ...SUCCEEDED, receipt: null }, failed('failed')]) {
        const { callId } = await store.commitIntent(call, decisionOf(harness, action, 'ALLOW'), { ...intentOf(action, null), risk: 'read' });
        await store.commitOutcome(call, callId, outcome);
      }
      expect(await store.findEffect(call)).toBeNull();
    });
  });
}

async function approvedCall(makeHarness: () => Promise<StoreHarness>) {
  const harness = await makeHarness();
  const { store } = harness;
  const call = await harness.leasedCall();
  const action = actionOf(harness, call);
  const { approvalId } = await store.commitApprovalRequest(call, decisionOf(harness, action, 'REQUIRE_HITL'), requestOf(action));
  await harness.decide(call, approvalId, 'approved');
  expect(await store.findApproval(call)).toMatchObject({ id: approvalId, state: 'approved' });
  return { harness, store, call, action, approvalId };
}

function actionOf({ instanceId }: StoreHarness, call: CallIdentity, category = 'network'): DigestedAction {
  return canonicalAction(call, {
    connector: 'servicenow', connector_version: '1.0.0', manifest_digest: `sha256:${'0'.repeat(64)}`, action: 'incident.update', instance_id: instanceId,
    target: TARGET, parameters: { sys_id: TARGET.id, category, work_note: 'a note' },
  }, CONTENT_PARAMETERS);
}

function decisionOf({ instanceId }: StoreHarness, action: DigestedAction, outcome: DecisionRecord['outcome'], approvalId: string | null = null): DecisionRecord {
  return {
    id: newId('decision'), action: 'servicenow/incident.update', instanceId, actionDigest: action.digest, outcome,
    reasons: [{ rule: 'itsm/write_needs_approval', message: 'A person must approve this write' }], obligations: { tier: 'standard' },
    bundle: { revision: 'base-itsm@test', seq: 1, digest: `sha256:${'1'.repeat(64)}`, age_ms: 5 }, inputDigest: `sha256:${'2'.repeat(64)}`, evaluatedUs: 40, approvalId,
  };
}

function requestOf({ action, digest, content }: DigestedAction): ApprovalRequest {
  return { action, actionDigest: digest, content, preview: PREVIEW, target: TARGET, tier: 'standard', requiredRole: 'approver', requiredVotes: 1, expiresAt: new Date(Date.now() + 3_600_000) };
}

function intentOf({ action, text, digest, content }: DigestedAction, consumeApprovalId: string | null): Intent {
  return {
    action, actionText: text, content, actionDigest: digest, risk: 'write', connectorVersion: '1.0.0', instanceId: action.instance_id,
    idempotencyKey: `key-of-${digest}`, consumeApprovalId,
  };
}

function failed(state: 'failed' | 'uncertain'): Outcome {
  return { state, error: { code: 'peer_timeout', message: 'The peer did not answer in time.', retryable: true }, durationMs: 5, requestDigest: null, responseDigest: null };
}
