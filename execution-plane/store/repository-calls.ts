import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { EffectExistsError } from '@countersign/connectors/gateway/ports.ts';
import type { EffectKey, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import type { Receipt } from '@countersign/connectors/sdk/connector.ts';
import type { Risk } from '@countersign/contracts/connectors/manifest.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { contentStep, contentValues } from '../contents/contents.ts';
import type { SealedContent } from '../contents/contents.ts';
import { RESERVATION_RESULT, reservationSteps, reservationValues, SETTLEMENT_RESULT, SETTLEMENT_STEPS } from './repository-budgets.ts';
import type { CrossedAccount } from './repository-budgets.ts';
import { decidedStep, decidedValues, HELD, heldValues } from './repository-decisions.ts';
import type { LoggedDecision } from './repository-decisions.ts';
import { jsonb } from '../contents/jsonb.ts';

/** An approval is for one effect, not for one attempt: while every call that used it is known to have had none, it may be used again. */
const REUSABLE = `(a.state = 'consumed' AND NOT EXISTS (
           SELECT FROM execution.tool_calls u WHERE u.tenant_id = a.tenant_id AND u.run_id = a.run_id AND u.approval_id = a.id AND u.state <> 'failed'))`;

/** Its clock stands while a kill switch stops the run. */
const NOT_OVER = `(a.expires_at > clock_timestamp() OR a.frozen_since IS NOT NULL)`;

/** Nobody works on the call any more: its worker is gone, and its step waits, or has ended. */
const ABANDONED = `NOT EXISTS (
           SELECT FROM execution.steps w WHERE w.tenant_id = c.tenant_id AND w.id = c.step_id AND w.state = 'leased' AND w.lease_expires_at > clock_timestamp())`;

const insertIntent: Statement = {
  name: 'calls.insert_intent',
  text: `WITH ${HELD}, ${decidedStep(35)}, consumed AS (
      UPDATE control.approvals a SET state = 'consumed', consumed_at = coalesce(a.consumed_at, clock_timestamp())
        FROM held
       WHERE a.tenant_id = held.tenant_id AND a.id = $6 AND a.step_id = held.id AND a.action_digest = $11 AND ${NOT_OVER}
         AND (a.state = 'approved' OR ${REUSABLE})
         -- who voted must still have the role that they voted with
         AND a.required_votes <= (
           SELECT count(*) FROM control.approval_votes v
             JOIN control.principals p ON p.tenant_id = v.tenant_id AND p.id = v.principal_id AND p.disabled_at IS NULL
            WHERE v.tenant_id = a.tenant_id AND v.approval_id = a.id AND v.decision = 'approve' AND v.action_digest = a.action_digest
              AND EXISTS (SELECT FROM control.role_assignments g
                           WHERE g.tenant_id = v.tenant_id AND g.workspace_id = a.workspace_id AND g.principal_id = v.principal_id AND g.role = v.role
                             AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())))
      RETURNING a.id
    ), ${contentStep(17)}, intended AS (
      INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version,
        instance_id, action_digest, idempotency_key, decision_id, approval_id, action_content_id, parameters_digest)
      SELECT held.tenant_id, $7, $8, held.run_id, held.id, $4, $3::bigint, $9::int, $10, $12, $13, $14, $11, $15, $5::jsonb->>'id', $6, $16, $34 FROM held
      RETURNING run_id, intended_at
    ), ${reservationSteps(31)}, ${auditStep(25)}
    SELECT (SELECT count(*)::int FROM held) AS held, (SELECT count(*)::int FROM consumed) AS consumed, (SELECT count(*) FROM audited) AS events,
           ${RESERVATION_RESULT}`,
};

export interface WrittenIntent {
  readonly held: boolean;
  readonly consumed: boolean;
  /** Whether the workspace has a budget at all. */
  readonly budgeted: boolean;
  /** Whether each of its budgets had room for the estimate. */
  readonly hasRoom: boolean;
  /** Those that have just reached 80 %. */
  readonly crossed: readonly CrossedAccount[];
}

/**
 * Writes decision, intent, consumption and reservation. The caller rolls back unless `held` and `hasRoom`, and unless `consumed` where an
 * approval was named.
 * @throws EffectExistsError
 */
export async function writeIntent(tx: Transaction, call: CallIdentity, callId: string, { decision, inputSealed }: LoggedDecision, intent: Intent, action: SealedContent, events: readonly NewAuditEvent[], at: Date): Promise<WrittenIntent> {
  const done = await tx.one<{ held: number; consumed: number; budgeted: boolean; has_room: boolean; crossed: CrossedAccount[] }>(insertIntent, [
    ...heldValues(call), ...decidedValues(call, decision), intent.consumeApprovalId, callId, call.environment.id, call.step.attempt,
    decision.action, intent.actionDigest, intent.risk, intent.connectorVersion, intent.instanceId, intent.idempotencyKey, action.id,
    ...contentValues([action]), ...auditValues(events, at), ...reservationValues(call, intent.estimate.amountUsd, intent.estimate.unpriced.length > 0), intent.parametersDigest, inputSealed,
  ]).catch((error: unknown) => {
    throw violates(error, 'one_effect_per_idempotency_key') ? new EffectExistsError(intent.idempotencyKey) : error;
  });
  return { held: done.held === 1, consumed: done.consumed === 1, budgeted: done.budgeted, hasRoom: done.has_room, crossed: done.crossed };
}

const updateOutcome: Statement = {
  name: 'calls.update_outcome',
  text: `WITH ${HELD}, ended AS (
      UPDATE execution.tool_calls c
         SET state = $5, request_digest = coalesce($6, c.request_digest), response_digest = coalesce($7, c.response_digest), receipt = $8::jsonb, error = $9::jsonb, duration_ms = $10,
             output_content_id = $11, model = coalesce($30::jsonb, c.model), finished_at = CASE WHEN $5 = 'uncertain' THEN NULL ELSE clock_timestamp() END
        FROM held
       WHERE c.tenant_id = held.tenant_id AND c.id = $4 AND ((c.step_id = held.id AND c.state IN ('intended', 'uncertain'))
          -- another step's, found under the same key: only when it is for anybody to find out about
          OR ((c.state = 'uncertain' OR (c.state = 'intended' AND ${ABANDONED}))
              AND c.environment_id = $27 AND c.action = $28 AND c.idempotency_key = $29 AND c.parameters_digest IS NOT NULL))
      RETURNING c.tenant_id, c.id, c.run_id, c.step_id, c.call_key, c.instance_id, c.intended_at
    ), written AS (
      -- the versions of the record that this write made: their events are our own echo
      INSERT INTO execution.written_versions (tenant_id, instance_id, dedupe_key, call_id)
      SELECT ended.tenant_id, ended.instance_id, v.dedupe_key, ended.id
        FROM ended, jsonb_array_elements_text(coalesce($8::jsonb->'written_versions', '[]'::jsonb)) AS v(dedupe_key) WHERE ended.instance_id IS NOT NULL
      ON CONFLICT DO NOTHING
    ), metered AS (
      INSERT INTO execution.cost_lines (tenant_id, id, run_id, call_id, meter, model, quantity, unit, price, amount_usd)
      SELECT ended.tenant_id, l.id, ended.run_id, ended.id, l.meter, l.model, l.quantity, l.unit, l.price, l.amount_usd
        FROM ended, jsonb_to_recordset($12::jsonb) AS l(id text, meter text, model text, quantity numeric, unit text, price jsonb, amount_usd numeric)
      RETURNING tenant_id, run_id, amount_usd
    ), charged AS (
      UPDATE execution.runs r SET cost_usd = r.cost_usd + m.amount_usd
        FROM (SELECT tenant_id, run_id, sum(amount_usd) AS amount_usd FROM metered GROUP BY tenant_id, run_id) m
       WHERE r.tenant_id = m.tenant_id AND r.id = m.run_id AND m.amount_usd <> 0
    ), ${SETTLEMENT_STEPS}, ${contentStep(13)}, ${auditStep(21)}
    SELECT (SELECT count(*)::int FROM held) AS held, (SELECT count(*) FROM audited) AS events, ${SETTLEMENT_RESULT},
           (SELECT jsonb_build_object('run_id', e.run_id, 'step_key', s.key, 'call_key', e.call_key)
              FROM ended e JOIN execution.steps s ON s.tenant_id = e.tenant_id AND s.id = e.step_id) AS ended`,
};

export interface WrittenOutcome {
  readonly held: boolean;
  /** Whose call it was; null when the call already has an outcome. */
  readonly ended: { readonly run_id: string; readonly step_key: string; readonly call_key: string } | null;
  /** Budgets that have just reached 80 %. */
  readonly crossed: readonly CrossedAccount[];
}

/** Writes what became of a call, what it cost, and the settlement of its reservations. `key`: the call may be another step's. */
export async function writeOutcome(tx: Transaction, call: CallIdentity, callId: string, outcome: Outcome, key: EffectKey | null, output: SealedContent | null, events: readonly NewAuditEvent[], at: Date): Promise<WrittenOutcome> {
  const succeeded = outcome.state === 'succeeded' ? outcome : null;
  const lines = (outcome.costs ?? []).map(({ meter, model, quantity, unit, price, amount_usd }) => ({ id: newId('cost_line'), meter, model, quantity, unit, price, amount_usd }));
  const { held, ...done } = await tx.one<Omit<WrittenOutcome, 'held'> & { held: number }>(updateOutcome, [
    ...heldValues(call), callId, outcome.state, outcome.requestDigest, outcome.responseDigest, succeeded?.receipt ? jsonb(succeeded.receipt) : null,
    outcome.state === 'succeeded' ? null : jsonb(outcome.error), Math.round(outcome.durationMs), output?.id ?? null, jsonb(lines),
    ...contentValues(output === null ? [] : [output]), ...auditValues(events, at), call.environment.id, key?.action ?? null, key?.text ?? null,
    outcome.model === undefined ? null : jsonb(outcome.model),
  ]);
  return { ...done, held: held === 1 };
}

const newestEffect: Statement = {
  name: 'calls.newest_effect',
  text: `
    WITH own AS (
      SELECT c.id FROM execution.tool_calls c
       WHERE c.tenant_id = $1 AND c.run_id = $2 AND c.step_id = $3 AND c.call_key = $4 AND c.risk IN ('write', 'destructive') AND c.state <> 'failed'
       ORDER BY c.intended_at DESC, c.id DESC LIMIT 1
    ), under_key AS (
      SELECT c.id FROM execution.tool_calls c
       WHERE c.tenant_id = $1 AND c.environment_id = $5 AND c.action = $6 AND c.idempotency_key = $7 AND c.risk IN ('write', 'destructive') AND c.state <> 'failed'
    )
    SELECT c.id, c.run_id, (c.step_id = $3 AND c.call_key = $4) AS of_this_call, c.parameters_digest,
           CASE WHEN c.state = 'intended' AND c.step_id <> $3 AND ${ABANDONED} THEN 'uncertain' ELSE c.state END AS state,
           extract(epoch FROM clock_timestamp() - c.intended_at)::float8 * 1000 AS intended_ms_ago, c.action_digest, c.risk, c.receipt, c.action_content_id, a.sealed AS action_sealed, c.output_content_id, o.sealed AS output_sealed
      FROM execution.tool_calls c
      LEFT JOIN execution.contents a ON a.tenant_id = c.tenant_id AND a.id = c.action_content_id
      LEFT JOIN execution.contents o ON o.tenant_id = c.tenant_id AND o.id = c.output_content_id
     WHERE c.tenant_id = $1 AND c.id = coalesce((SELECT id FROM own), (SELECT id FROM under_key))`,
};

export interface EffectRow {
  readonly id: string;
  readonly run_id: string;
  readonly of_this_call: boolean;
  readonly parameters_digest: string | null;
  readonly state: 'intended' | 'uncertain' | 'succeeded';
  readonly intended_ms_ago: number;
  readonly action_digest: string;
  readonly risk: Risk;
  readonly receipt: Receipt | null;
  readonly action_content_id: string;
  readonly action_sealed: Buffer | null;
  readonly output_content_id: string | null;
  readonly output_sealed: Buffer | null;
}

export function readNewestEffect(tx: Transaction, call: CallIdentity, key: EffectKey | null): Promise<EffectRow | undefined> {
  return tx.maybeOne<EffectRow>(newestEffect, [call.tenant.id, call.run.id, call.step.id, call.callKey, call.environment.id, key?.action ?? null, key?.text ?? null]);
}

const insertReplay: Statement = {
  name: 'calls.append_replay',
  text: `WITH ${HELD}, ${auditStep(4)} SELECT (SELECT count(*)::int FROM held) AS held, (SELECT count(*) FROM audited) AS events`,
};

/** Gives whether the lease was held; if not, the caller rolls back. */
export async function writeReplay(tx: Transaction, call: CallIdentity, events: readonly NewAuditEvent[], at: Date): Promise<boolean> {
  const { held } = await tx.one<{ held: number }>(insertReplay, [...heldValues(call), ...auditValues(events, at)]);
  return held === 1;
}

const approvalInHand: Statement = {
  name: 'approvals.in_hand',
  text: `
    SELECT a.id, CASE WHEN a.state IN ('pending', 'approved') AND NOT ${NOT_OVER} THEN 'expired' ELSE a.state END AS state,
           (${REUSABLE} AND ${NOT_OVER}) AS reusable, a.action_digest, a.action_sealed, a.preview_sealed, a.tier, a.requested_by,
           coalesce((SELECT jsonb_agg(jsonb_build_object('principalId', v.principal_id, 'role', v.role, 'decision', v.decision, 'authStrength', v.auth_strength,
                              -- greatest() passes over null: unknown must stay unknown
                              'signInAgeMs', CASE WHEN v.signed_in_at IS NOT NULL THEN greatest(0, round(extract(epoch FROM v.voted_at - v.signed_in_at) * 1000))::bigint END) ORDER BY v.voted_at, v.id)
                       FROM control.approval_votes v WHERE v.tenant_id = a.tenant_id AND v.approval_id = a.id), '[]') AS votes
      FROM execution.steps s
      JOIN control.approvals a ON a.tenant_id = s.tenant_id AND a.id = s.approval_id
      JOIN execution.decisions d ON d.tenant_id = a.tenant_id AND d.id = a.decision_id
     WHERE s.tenant_id = $1 AND s.id = $2 AND d.call_key = $3`,
};

export interface ApprovalRow {
  readonly id: string;
  readonly state: 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'consumed';
  readonly reusable: boolean;
  readonly action_digest: string;
  readonly action_sealed: Buffer;
  readonly preview_sealed: Buffer;
  readonly tier: string;
  readonly requested_by: string;
  readonly votes: ReadonlyArray<{ principalId: string; role: string; decision: 'approve' | 'reject'; authStrength: string; signInAgeMs: number | null }>;
}

export function readApprovalInHand(tx: Transaction, call: CallIdentity): Promise<ApprovalRow | undefined> {
  return tx.maybeOne<ApprovalRow>(approvalInHand, [call.tenant.id, call.step.id, call.callKey]);
}
