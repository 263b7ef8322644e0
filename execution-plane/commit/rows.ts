import type { Column } from '@countersign/platform/postgres/recordset.ts';
import { arrayLiteral } from '@countersign/platform/postgres/recordset.ts';
import { jsonb } from '../contents/jsonb.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { DecisionRecord, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import type { PricedUsage } from '@countersign/connectors/gateway/pricing.ts';

/** A decision with the call that it is about. `inputSealed`: null where content is not kept. */
export interface DecisionRow {
  readonly call: CallIdentity;
  readonly decision: DecisionRecord;
  readonly inputSealed: Uint8Array | null;
}

export interface IntentRow {
  readonly call: CallIdentity;
  readonly callId: string;
  readonly intent: Intent;
  readonly decision: DecisionRecord;
  readonly actionContentId: string;
}

export interface OutcomeRow {
  readonly call: CallIdentity;
  readonly callId: string;
  readonly outcome: Outcome;
  readonly outputContentId: string | null;
}

export interface CostRow extends PricedUsage {
  readonly id: string;
  readonly call: CallIdentity;
  readonly callId: string;
}

export interface WrittenVersionRow {
  readonly tenantId: string;
  readonly callId: string;
  readonly dedupeKey: string;
}

export const DECISION_COLUMNS: ReadonlyArray<Column<DecisionRow>> = [
  { name: 'tenant_id', type: 'text', of: ({ call }) => call.tenant.id },
  { name: 'run_id', type: 'text', of: ({ call }) => call.run.id },
  { name: 'step_id', type: 'text', of: ({ call }) => call.step.id },
  { name: 'call_key', type: 'text', of: ({ call }) => call.callKey },
  { name: 'input_sealed', type: 'bytea', of: ({ inputSealed }) => inputSealed },
  { name: 'id', type: 'text', of: ({ decision }) => decision.id },
  { name: 'action', type: 'text', of: ({ decision }) => decision.action },
  { name: 'instance_id', type: 'text', of: ({ decision }) => decision.instanceId },
  { name: 'action_digest', type: 'text', of: ({ decision }) => decision.actionDigest },
  { name: 'outcome', type: 'text', of: ({ decision }) => decision.outcome },
  { name: 'reasons', type: 'jsonb', of: ({ decision }) => jsonb(decision.reasons) },
  { name: 'obligations', type: 'jsonb', of: ({ decision }) => jsonb(decision.obligations) },
  { name: 'bundle_revision', type: 'text', of: ({ decision }) => decision.bundle?.revision ?? null },
  { name: 'bundle_seq', type: 'bigint', of: ({ decision }) => (decision.bundle === null ? null : String(decision.bundle.seq)) },
  { name: 'bundle_digest', type: 'text', of: ({ decision }) => decision.bundle?.digest ?? null },
  { name: 'bundle_age_ms', type: 'bigint', of: ({ decision }) => (decision.bundle === null ? null : String(Math.round(decision.bundle.age_ms))) },
  { name: 'bundle_expires_at', type: 'timestamptz', of: ({ decision }) => decision.bundle?.expires_at ?? null },
  { name: 'path', type: 'text', of: ({ decision }) => decision.path },
  { name: 'input_digest', type: 'text', of: ({ decision }) => decision.inputDigest },
  { name: 'masked_input', type: 'jsonb', of: ({ decision }) => (decision.maskedInput === null ? null : jsonb(decision.maskedInput)) },
  { name: 'erased', type: 'text[]', of: ({ decision }) => arrayLiteral(decision.erased) },
  { name: 'evaluated_us', type: 'int', of: ({ decision }) => Math.round(decision.evaluatedUs) },
  { name: 'shadows', type: 'jsonb', of: ({ decision }) => jsonb(decision.shadows) },
  { name: 'differs', type: 'boolean', of: ({ decision }) => decision.shadows.some((shadow) => shadow.differs) },
  { name: 'approval_id', type: 'text', of: ({ decision }) => decision.approvalId },
  { name: 'adjusted', type: 'jsonb', of: ({ decision }) => (decision.adjusted === null ? null : jsonb(decision.adjusted)) },
  { name: 'routed_from', type: 'text', of: ({ decision }) => decision.routedFrom },
  { name: 'workspace_id', type: 'text', of: ({ call }) => call.workspace.id },
  { name: 'environment_id', type: 'text', of: ({ call }) => call.environment.id },
  { name: 'workflow', type: 'text', of: ({ call }) => call.run.workflow },
  { name: 'principal_id', type: 'text', of: ({ call }) => `workflow:${call.run.workflow}` },
];

export const INTENT_COLUMNS: ReadonlyArray<Column<IntentRow>> = [
  { name: 'tenant_id', type: 'text', of: ({ call }) => call.tenant.id },
  { name: 'id', type: 'text', of: ({ callId }) => callId },
  { name: 'environment_id', type: 'text', of: ({ call }) => call.environment.id },
  { name: 'run_id', type: 'text', of: ({ call }) => call.run.id },
  { name: 'step_id', type: 'text', of: ({ call }) => call.step.id },
  { name: 'call_key', type: 'text', of: ({ call }) => call.callKey },
  { name: 'fence', type: 'bigint', of: ({ call }) => call.step.fence },
  { name: 'attempt', type: 'int', of: ({ call }) => call.step.attempt },
  { name: 'action', type: 'text', of: ({ decision }) => decision.action },
  { name: 'risk', type: 'text', of: ({ intent }) => intent.risk },
  { name: 'connector_version', type: 'text', of: ({ intent }) => intent.connectorVersion },
  { name: 'instance_id', type: 'text', of: ({ intent }) => intent.instanceId },
  { name: 'action_digest', type: 'text', of: ({ intent }) => intent.actionDigest },
  { name: 'idempotency_key', type: 'text', of: ({ intent }) => intent.idempotencyKey },
  { name: 'decision_id', type: 'text', of: ({ decision }) => decision.id },
  { name: 'action_content_id', type: 'text', of: ({ actionContentId }) => actionContentId },
  { name: 'parameters_digest', type: 'text', of: ({ intent }) => intent.parametersDigest },
];

export const OUTCOME_COLUMNS: ReadonlyArray<Column<OutcomeRow>> = [
  { name: 'tenant_id', type: 'text', of: ({ call }) => call.tenant.id },
  { name: 'id', type: 'text', of: ({ callId }) => callId },
  { name: 'step_id', type: 'text', of: ({ call }) => call.step.id },
  { name: 'to_state', type: 'text', of: ({ outcome }) => outcome.state },
  { name: 'request_digest', type: 'text', of: ({ outcome }) => outcome.requestDigest },
  { name: 'response_digest', type: 'text', of: ({ outcome }) => outcome.responseDigest },
  { name: 'receipt', type: 'jsonb', of: ({ outcome }) => (outcome.state === 'succeeded' && outcome.receipt !== null ? jsonb(outcome.receipt) : null) },
  { name: 'error', type: 'jsonb', of: ({ outcome }) => (outcome.state === 'succeeded' ? null : jsonb(outcome.error)) },
  { name: 'duration_ms', type: 'int', of: ({ outcome }) => Math.round(outcome.durationMs) },
  { name: 'output_content_id', type: 'text', of: ({ outputContentId }) => outputContentId },
];

export const COST_COLUMNS: ReadonlyArray<Column<CostRow>> = [
  { name: 'tenant_id', type: 'text', of: ({ call }) => call.tenant.id },
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'run_id', type: 'text', of: ({ call }) => call.run.id },
  { name: 'call_id', type: 'text', of: ({ callId }) => callId },
  { name: 'meter', type: 'text', of: ({ meter }) => meter },
  { name: 'model', type: 'text', of: ({ model }) => model ?? null },
  { name: 'quantity', type: 'numeric', of: ({ quantity }) => String(quantity) },
  { name: 'unit', type: 'text', of: ({ unit }) => unit },
  { name: 'price', type: 'jsonb', of: ({ price }) => jsonb(price) },
  { name: 'amount_usd', type: 'numeric', of: ({ amount_usd }) => amount_usd },
];

export const WRITTEN_COLUMNS: ReadonlyArray<Column<WrittenVersionRow>> = [
  { name: 'tenant_id', type: 'text', of: ({ tenantId }) => tenantId },
  { name: 'call_id', type: 'text', of: ({ callId }) => callId },
  { name: 'dedupe_key', type: 'text', of: ({ dedupeKey }) => dedupeKey },
];
