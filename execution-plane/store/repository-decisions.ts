import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ApprovalRequest, DecisionRecord } from '@countersign/connectors/gateway/ports.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { jsonb } from '../contents/jsonb.ts';
import { requesterOf } from './requester.ts';

/**
 * The named step that every write of a leased step begins with: no row unless the step is leased under this fence and the lease
 * still runs by the database's clock. The lock keeps the sweeper from taking the step away in between.
 */
export const HELD = `held AS (
      SELECT tenant_id, id, run_id FROM execution.steps
       WHERE tenant_id = $1 AND id = $2 AND fence = $3::bigint AND state = 'leased' AND lease_expires_at > clock_timestamp()
         FOR NO KEY UPDATE
    )`;

export function heldValues(call: CallIdentity): unknown[] {
  return [call.tenant.id, call.step.id, call.step.fence];
}

const isHeldNow: Statement = {
  name: 'steps.is_held',
  text: `SELECT FROM execution.steps WHERE tenant_id = $1 AND id = $2 AND fence = $3::bigint AND state = 'leased' AND lease_expires_at > clock_timestamp()`,
};

/** Whether the step is leased under this fence, by the database's clock. */
export async function isHeld(tx: Transaction, call: CallIdentity): Promise<boolean> {
  return await tx.maybeOne(isHeldNow, heldValues(call)) !== undefined;
}

/** What is kept of an input: sealed before the transaction begins; null where nothing is kept. */
export interface LoggedDecision {
  readonly decision: DecisionRecord;
  readonly inputSealed: Uint8Array | null;
}

const DECISION_COLUMNS: ReadonlyArray<readonly [name: string, type: string]> = [
  ['id', 'text'], ['action', 'text'], ['instance_id', 'text'], ['action_digest', 'text'], ['outcome', 'text'], ['reasons', 'jsonb'], ['obligations', 'jsonb'],
  ['bundle_revision', 'text'], ['bundle_seq', 'bigint'], ['bundle_digest', 'text'], ['bundle_age_ms', 'bigint'], ['bundle_expires_at', 'timestamptz'],
  ['path', 'text'], ['input_digest', 'text'], ['masked_input', 'jsonb'], ['erased', 'text[]'], ['evaluated_us', 'int'], ['shadows', 'jsonb'], ['differs', 'boolean'],
  ['approval_id', 'text'], ['adjusted', 'jsonb'], ['routed_from', 'text'], ['workspace_id', 'text'], ['environment_id', 'text'], ['workflow', 'text'], ['principal_id', 'text'],
];

/** The named step that records a decision; takes `$4` and `$5`, and as `inputSealedAt` the sealed input. */
export function decidedStep(inputSealedAt: number): string {
  const names = DECISION_COLUMNS.map(([name]) => name);
  return `decided AS (
      INSERT INTO execution.decisions (tenant_id, run_id, step_id, call_key, input_sealed, ${names.join(', ')})
      SELECT held.tenant_id, held.run_id, held.id, $4, $${inputSealedAt}::bytea, ${names.map((name) => `d.${name}`).join(', ')}
        FROM held, jsonb_to_record($5::jsonb) AS d(${DECISION_COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')})
    )`;
}

export function decidedValues(call: CallIdentity, decision: DecisionRecord): unknown[] {
  return [call.callKey, jsonb({
    id: decision.id, action: decision.action, instance_id: decision.instanceId, action_digest: decision.actionDigest, outcome: decision.outcome,
    reasons: decision.reasons, obligations: decision.obligations,
    bundle_revision: decision.bundle?.revision ?? null, bundle_seq: decision.bundle?.seq ?? null, bundle_digest: decision.bundle?.digest ?? null,
    bundle_age_ms: decision.bundle === null ? null : Math.round(decision.bundle.age_ms), bundle_expires_at: decision.bundle?.expires_at ?? null,
    path: decision.path, input_digest: decision.inputDigest, masked_input: decision.maskedInput, erased: decision.erased, evaluated_us: Math.round(decision.evaluatedUs),
    shadows: decision.shadows, differs: decision.shadows.some((shadow) => shadow.differs), approval_id: decision.approvalId, adjusted: decision.adjusted, routed_from: decision.routedFrom,
    workspace_id: call.workspace.id, environment_id: call.environment.id, workflow: call.run.workflow, principal_id: `workflow:${call.run.workflow}`,
  })];
}

const insertDecision: Statement = {
  name: 'decisions.insert',
  text: `WITH ${HELD}, ${decidedStep(12)}, ${auditStep(6)}
    SELECT (SELECT count(*)::int FROM held) AS held, (SELECT count(*) FROM audited) AS events`,
};

/** Gives whether the lease was held; if not, the caller rolls back. */
export async function writeDecision(tx: Transaction, call: CallIdentity, { decision, inputSealed }: LoggedDecision, events: readonly NewAuditEvent[], at: Date): Promise<boolean> {
  const { held } = await tx.one<{ held: number }>(insertDecision, [...heldValues(call), ...decidedValues(call, decision), ...auditValues(events, at), inputSealed]);
  return held === 1;
}

const insertApproval: Statement = {
  name: 'approvals.insert',
  text: `WITH ${HELD}, ${decidedStep(24)}, requested AS (
      INSERT INTO control.approvals (tenant_id, id, workspace_id, environment_id, run_id, step_id, step_key, action, instance_id, action_digest,
        action_sealed, preview_sealed, subject, tier, required_role, required_votes, requested_by, decision_id, expires_at, min_strength, max_sign_in_age_ms)
      SELECT held.tenant_id, $6, $7, $8, held.run_id, held.id, $9, $10, $11, $12, $13::bytea, $14::bytea,
             coalesce(r.subject_label, $15), $16, $17, $18::int, ${requesterOf({ tenant: 'held.tenant_id', run: 'held.run_id', workflow: '$19' })}, $20, $21::timestamptz, $22, $23::bigint
        FROM held JOIN execution.runs r ON r.tenant_id = held.tenant_id AND r.id = held.run_id
      -- already asked and not answered, or answered and not used: that one stands
      ON CONFLICT (tenant_id, step_id, action_digest) WHERE state IN ('pending', 'approved') DO NOTHING
      RETURNING id
    )
    SELECT (SELECT count(*)::int FROM held) AS held, (SELECT id FROM requested) AS requested`,
};

const openApproval: Statement = {
  name: 'approvals.open_for_action',
  text: `SELECT id FROM control.approvals WHERE tenant_id = $1 AND step_id = $2 AND action_digest = $3 AND state IN ('pending', 'approved')`,
};

const linkApproval: Statement = {
  name: 'approvals.link_to_step',
  text: `WITH linked AS (UPDATE execution.steps SET approval_id = $3 WHERE tenant_id = $1 AND id = $2), ${auditStep(4)}
    SELECT (SELECT count(*) FROM audited) AS events`,
};

export interface SealedApproval {
  readonly id: string;
  readonly request: ApprovalRequest;
  readonly actionSealed: Uint8Array;
  readonly previewSealed: Uint8Array;
}

/** Records the decision and its approval request. `held: false` when the lease is gone; `isNew: false` when an open request for this action stands. */
export async function writeApproval(tx: Transaction, call: CallIdentity, { decision, inputSealed }: LoggedDecision, { id, request, actionSealed, previewSealed }: SealedApproval): Promise<{ held: boolean; id: string; isNew: boolean }> {
  const { held, requested } = await tx.one<{ held: number; requested: string | null }>(insertApproval, [
    ...heldValues(call), ...decidedValues(call, decision), id, call.workspace.id, call.environment.id, call.step.key, decision.action,
    request.action.instance_id, request.actionDigest, actionSealed, previewSealed, request.target.label, request.tier, request.requiredRole, request.requiredVotes,
    `workflow:${call.run.workflow}`, decision.id, request.expiresAt, request.signIn?.minStrength ?? null, request.signIn?.maxAgeMs ?? null, inputSealed,
  ]);
  if (held === 0 || requested !== null) return { held: held === 1, id, isNew: true };
  const open = await tx.one<{ id: string }>(openApproval, [call.tenant.id, call.step.id, request.actionDigest]);
  return { held: true, id: open.id, isNew: false };
}

/** Makes it the approval that this step asks about, and appends the events of asking. */
export async function linkApprovalToStep(tx: Transaction, call: CallIdentity, approvalId: string, events: readonly NewAuditEvent[], at: Date): Promise<void> {
  await tx.rows(linkApproval, [call.tenant.id, call.step.id, approvalId, ...auditValues(events, at)]);
}
