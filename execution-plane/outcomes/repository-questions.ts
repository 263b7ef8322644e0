import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { requesterOf } from '../store/requester.ts';

/** A call that nobody can tell about, and the step that waits for somebody who can. */
export interface UnaskedCall {
  readonly tenant_id: string;
  /** The step that waits: of another run, where both used the same idempotency key. */
  readonly waiting_step_id: string;
  readonly call_id: string;
  readonly call_key: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly run_id: string;
  readonly step_id: string;
  readonly step_key: string;
  readonly workflow_name: string;
  readonly action: string;
  readonly instance_id: string | null;
  readonly action_digest: string;
  readonly decision_id: string;
  readonly action_content_id: string;
  readonly action_sealed: Buffer | null;
  readonly subject_label: string | null;
  /** What people saw when they approved it; null where nobody had to, or it is not kept. */
  readonly approval_id: string | null;
  readonly preview_sealed: Buffer | null;
}

const unasked: Statement = {
  name: 'outcomes.unasked',
  text: `
    SELECT w.tenant_id, w.id AS waiting_step_id, c.id AS call_id, c.call_key, r.workspace_id, c.environment_id, c.run_id, c.step_id, s.key AS step_key, r.workflow_name,
           c.action, c.instance_id, c.action_digest, c.decision_id, c.action_content_id, k.sealed AS action_sealed, r.subject_label, c.approval_id, a.preview_sealed
      FROM execution.steps w
      JOIN execution.tool_calls c ON c.tenant_id = w.tenant_id AND c.id = w.error->'data'->>'question_of_call' AND c.state = 'uncertain'
      JOIN execution.steps s ON s.tenant_id = c.tenant_id AND s.id = c.step_id
      JOIN execution.runs r ON r.tenant_id = c.tenant_id AND r.id = c.run_id
      LEFT JOIN execution.contents k ON k.tenant_id = c.tenant_id AND k.id = c.action_content_id
      LEFT JOIN control.approvals a ON a.tenant_id = c.tenant_id AND a.id = c.approval_id
     WHERE w.state = 'uncertain' AND w.error->'data'->>'question_id' IS NULL
     ORDER BY w.id LIMIT $1`,
};

export function findUnasked(tx: Transaction, limit: number): Promise<UnaskedCall[]> {
  return tx.rows<UnaskedCall>(unasked, [limit]);
}

const insertQuestion: Statement = {
  name: 'outcomes.ask',
  text: `
    WITH waiting AS (
      SELECT id FROM execution.steps WHERE tenant_id = $1 AND id = $2 AND state = 'uncertain' AND error->'data'->>'question_id' IS NULL FOR NO KEY UPDATE
    ), asked AS (
      INSERT INTO control.approvals (tenant_id, id, kind, call_id, workspace_id, environment_id, run_id, step_id, step_key, action, instance_id, action_digest,
        action_sealed, preview_sealed, subject, tier, required_role, required_votes, requested_by, decision_id, expires_at)
      SELECT $1, $3, 'outcome', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::bytea, $14::bytea, $15, 'outcome', 'approver', 1, ${requesterOf({ tenant: '$1', run: '$7', workflow: '$16' })}, $17,
             clock_timestamp() + $18::float8 * interval '1 millisecond'
        FROM waiting
      -- another step waits for the same answer
      ON CONFLICT (tenant_id, call_id) WHERE state = 'pending' AND kind = 'outcome' DO NOTHING
      RETURNING id
    )
    SELECT EXISTS (SELECT FROM waiting) AS waiting, (SELECT id FROM asked) AS asked`,
};

const openQuestion: Statement = {
  name: 'outcomes.open_question',
  text: `SELECT id FROM control.approvals WHERE tenant_id = $1 AND call_id = $2 AND kind = 'outcome' AND state = 'pending'`,
};

const waitForAnswer: Statement = {
  name: 'outcomes.wait_for_answer',
  text: `
    WITH waits AS (
      -- only an answer, or that there is none in time, moves it: no worker looks at it before
      UPDATE execution.steps SET error = jsonb_set(error, '{data,question_id}', to_jsonb($3::text)), available_at = clock_timestamp() + interval '1 year'
       WHERE tenant_id = $1 AND id = $2 AND state = 'uncertain'
    ), ${auditStep(4)}
    SELECT (SELECT count(*) FROM audited) AS events`,
};

export interface SealedQuestion {
  readonly id: string;
  readonly actionSealed: Uint8Array;
  readonly previewSealed: Uint8Array;
  readonly ttlMs: number;
}

/** Asks, or finds the question that is open about the same call. Null when the step does not wait any more. Gives whether it is new. */
export async function writeQuestion(tx: Transaction, call: UnaskedCall, question: SealedQuestion, event: NewAuditEvent, at: Date): Promise<{ id: string; isNew: boolean } | null> {
  const { waiting, asked } = await tx.one<{ waiting: boolean; asked: string | null }>(insertQuestion, [
    call.tenant_id, call.waiting_step_id, question.id, call.call_id, call.workspace_id, call.environment_id, call.run_id, call.step_id, call.step_key, call.action,
    call.instance_id, call.action_digest, question.actionSealed, question.previewSealed, call.subject_label, `workflow:${call.workflow_name}`, call.decision_id, question.ttlMs,
  ]);
  if (!waiting) return null;
  const id = asked ?? (await tx.maybeOne<{ id: string }>(openQuestion, [call.tenant_id, call.call_id]))?.id;
  // Answered at this very moment: the next turn asks anew where that is still needed.
  if (id === undefined) return null;
  await tx.rows(waitForAnswer, [call.tenant_id, call.waiting_step_id, id, ...auditValues(asked === null ? [] : [event], at)]);
  return { id, isNew: asked !== null };
}
