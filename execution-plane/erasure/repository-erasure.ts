import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface TaskRow {
  readonly tenant_id: string;
  readonly request_id: string;
  readonly terms_sealed: Uint8Array;
}

const claim: Statement = {
  name: 'erasure.claim_task',
  text: `
    WITH open AS (
      SELECT tenant_id, request_id FROM execution.erasure_tasks t
       WHERE t.state = 'open' AND (t.claimed_until IS NULL OR t.claimed_until < clock_timestamp())
         -- what a hold stops is taken up when it is released
         AND NOT EXISTS (SELECT FROM control.legal_holds h WHERE h.tenant_id = t.tenant_id AND h.released_at IS NULL AND h.scope IN ('tenant', 'workspace'))
       ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE execution.erasure_tasks t SET claimed_until = clock_timestamp() + interval '5 minutes' FROM open WHERE (t.tenant_id, t.request_id) = (open.tenant_id, open.request_id)
    RETURNING t.tenant_id, t.request_id, t.terms_sealed`,
};

export function claimTask(tx: Transaction): Promise<TaskRow | undefined> {
  return tx.maybeOne<TaskRow>(claim);
}

const heldPerson: Statement = {
  name: 'erasure.is_person_held',
  text: `SELECT control.is_held($1, NULL, NULL, NULL, $2) OR EXISTS (SELECT FROM control.legal_holds h WHERE h.tenant_id = $1 AND h.released_at IS NULL AND h.scope = 'workspace') AS held`,
};

/** Whether a hold is on the tenant, on a workspace of it, or on the person. */
export async function isPersonHeld(tx: Transaction, tenantId: string, principalId: string | null): Promise<boolean> {
  return (await tx.one<{ held: boolean }>(heldPerson, [tenantId, principalId])).held;
}

export const letTaskGo: Statement = {
  name: 'erasure.let_task_go',
  text: `UPDATE execution.erasure_tasks SET waiting_runs = $3, claimed_until = clock_timestamp() + interval '5 seconds' WHERE tenant_id = $1 AND request_id = $2 AND state = 'open'`,
};

export const endTask: Statement = {
  name: 'erasure.end_task',
  text: `UPDATE execution.erasure_tasks SET state = 'done', terms_sealed = NULL, waiting_runs = 0, done_at = clock_timestamp() WHERE tenant_id = $1 AND request_id = $2 AND state = 'open'`,
};

export const insertFindings: Statement = {
  name: 'erasure.insert_worker_findings',
  text: `INSERT INTO execution.erasure_findings (tenant_id, request_id, place, row_id, action) SELECT $1, $2, $3, id, 'shredded' FROM unnest($4::text[]) AS id ON CONFLICT DO NOTHING`,
};

export interface SealedRow { readonly id: string; readonly sealed: Uint8Array }

export const sealedContents: Statement = {
  name: 'erasure.sealed_contents',
  text: 'SELECT id, sealed FROM execution.contents WHERE tenant_id = $1 AND sealed IS NOT NULL AND id > $2 ORDER BY id LIMIT 50',
};

/** Contents that no run under way and no held run has. */
export const shredContents: Statement = {
  name: 'erasure.shred_contents',
  text: `
    WITH needed AS (
      SELECT r.tenant_id, r.id, r.trigger_content_id FROM execution.runs r
       WHERE r.tenant_id = $1 AND (r.state NOT IN ('succeeded', 'failed', 'cancelled') OR control.is_held(r.tenant_id, r.workspace_id, r.id, r.subject, NULL))
    ), theirs AS (
      SELECT trigger_content_id AS id FROM needed
      UNION ALL SELECT unnest(ARRAY[s.input_content_id, s.output_content_id]) FROM needed n JOIN execution.steps s ON (s.tenant_id, s.run_id) = (n.tenant_id, n.id)
      UNION ALL SELECT unnest(ARRAY[c.action_content_id, c.output_content_id]) FROM needed n JOIN execution.tool_calls c ON (c.tenant_id, c.run_id) = (n.tenant_id, n.id))
    UPDATE execution.contents c SET sealed = NULL, shredded_at = clock_timestamp()
     WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.sealed IS NOT NULL AND c.id NOT IN (SELECT id FROM theirs WHERE id IS NOT NULL) RETURNING c.id`,
};

export const sealedInputs: Statement = {
  name: 'erasure.sealed_inputs',
  text: 'SELECT id, input_sealed AS sealed FROM execution.decisions WHERE tenant_id = $1 AND input_sealed IS NOT NULL AND id > $2 ORDER BY id LIMIT 50',
};

export const shredInputs: Statement = {
  name: 'erasure.shred_inputs',
  text: `
    UPDATE execution.decisions d SET input_sealed = NULL, input_shredded_at = clock_timestamp(), masked_input = NULL
      FROM execution.runs r WHERE d.tenant_id = $1 AND d.id = ANY ($2) AND d.input_sealed IS NOT NULL AND (r.tenant_id, r.id) = (d.tenant_id, d.run_id)
       AND r.state IN ('succeeded', 'failed', 'cancelled') AND NOT control.is_held(r.tenant_id, r.workspace_id, r.id, r.subject, NULL) RETURNING d.id`,
};
