import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const previousAnswer: Statement = {
  name: 'calls.previous_model_answer',
  text: `
    SELECT c.instance_id, before.observed
      FROM execution.tool_calls c
      LEFT JOIN LATERAL (
        SELECT b.model->>'observed' AS observed FROM execution.tool_calls b
         WHERE b.tenant_id = c.tenant_id AND b.instance_id = c.instance_id AND b.model->>'requested' = $3 AND b.model IS NOT NULL
           AND b.model->>'observed' IS NOT NULL AND b.id <> c.id
         ORDER BY b.intended_at DESC, b.id DESC LIMIT 1) before ON true
     WHERE c.tenant_id = $1 AND c.id = $2`,
};

export interface PreviousAnswer {
  readonly instance_id: string | null;
  /** The model that answered the call before this one, at the same instance and by the same name; null where none did. */
  readonly observed: string | null;
}

export function readPreviousAnswer(tx: Transaction, tenantId: string, callId: string, requested: string): Promise<PreviousAnswer> {
  return tx.one<PreviousAnswer>(previousAnswer, [tenantId, callId, requested]);
}
