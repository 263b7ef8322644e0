import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { JsonObject } from '../../sdk/connector.ts';
import { canonicalAction } from '../canonical-action.ts';
import type { DigestedAction } from '../canonical-action.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { ApprovalRequest, DecisionRecord, Intent, Outcome } from '../ports.ts';

const CONTENT_PARAMETERS = ['/work_note'];
export const PREVIEW: ApprovalRequest['preview'] = { title: 'Update INC1', fields: [{ name: 'category', label: 'Category', before: 'Inquiry', after: 'Network' }], additions: [] };
export const TARGET = { id: 'f'.repeat(32), label: 'INC1', version: '3' };
const INPUT_TEXT = '{"parameters":{"category":"network"},"run":{"autonomy":"supervised"}}';
export const OUTPUT: JsonObject = { sys_id: 'x', nested: { list: [1, 'two', null] } };
export const SUCCEEDED = { state: 'succeeded' as const, output: OUTPUT, costs: [], durationMs: 12, requestDigest: null, responseDigest: null };
export const RECEIPT = { target_id: TARGET.id, version_before: '3', version_after: '4', written_versions: [`${TARGET.id}:4`], fields_written: ['category'], verified_by_reading_back: true };

export function actionOf(instanceId: string, call: CallIdentity, category = 'network'): DigestedAction {
  return canonicalAction(call, {
    connector: 'servicenow', connector_version: '1.0.0', manifest_digest: `sha256:${'0'.repeat(64)}`, action: 'incident.update', instance_id: instanceId,
    target: TARGET, parameters: { sys_id: TARGET.id, category, work_note: 'a note' },
  }, CONTENT_PARAMETERS);
}

export function decisionOf(instanceId: string, action: DigestedAction, outcome: DecisionRecord['outcome'], approvalId: string | null = null): DecisionRecord {
  return {
    id: newId('decision'), action: 'servicenow/incident.update', instanceId, actionDigest: action.digest, outcome,
    reasons: [{ rule: 'itsm/write_needs_approval', message: 'A person must approve this write' }], obligations: { tier: 'standard' },
    bundle: { revision: 'base-itsm@test', seq: 1, digest: `sha256:${'1'.repeat(64)}`, age_ms: 5, expires_at: '2026-11-21T10:00:00.000Z' }, path: DECISION_ENTRYPOINT,
    inputText: INPUT_TEXT, inputDigest: digestOfBytes(INPUT_TEXT), maskedInput: { run: { autonomy: 'supervised' } }, erased: ['/input/parameters'], evaluatedUs: 40, shadows: [], approvalId, adjusted: null, routedFrom: null,
  };
}

export function requestOf({ action, digest, content }: DigestedAction): ApprovalRequest {
  return { action, actionDigest: digest, content, preview: PREVIEW, target: TARGET, tier: 'standard', requiredRole: 'approver', requiredVotes: 1, signIn: null, expiresAt: new Date(Date.now() + 3_600_000) };
}

export function intentOf({ action, text, digest, content }: DigestedAction, consumeApprovalId: string | null, changes: Partial<Intent> = {}): Intent {
  return {
    action, actionText: text, content, actionDigest: digest, risk: 'write', connectorVersion: '1.0.0', instanceId: action.instance_id,
    idempotencyKey: `key-of-${digest}`, parametersDigest: null, estimate: { amountUsd: '0.000000000', unpriced: [] }, concurrency: null, consumeApprovalId, ...changes,
  };
}

export function failed(state: 'failed' | 'uncertain'): Outcome {
  return { state, error: { code: 'peer_timeout', message: 'The peer did not answer in time.', retryable: true }, durationMs: 5, requestDigest: null, responseDigest: null };
}
