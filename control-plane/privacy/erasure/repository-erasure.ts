import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Finding } from './repository-person.ts';

export interface ErasureRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly person_sealed: Uint8Array | null;
  readonly principal_id: string | null;
  readonly pseudonym: string;
  readonly state: 'requested' | 'held' | 'running' | 'completed' | 'failed';
  readonly blocked_by: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly requested_by: string;
  readonly event_id: string;
  readonly requested_at: Date;
  readonly completed_at: Date | null;
  readonly evidence_package_id: string | null;
  readonly waiting_runs: number;
  readonly retained_objects: number;
  readonly retained_until: Date | null;
}

const COLUMNS = `r.id, r.workspace_id, r.person_sealed, r.principal_id, r.pseudonym, r.state, r.blocked_by, r.counts, r.error, r.requested_by, r.event_id, r.requested_at, r.completed_at, r.evidence_package_id,
       coalesce((SELECT waiting_runs FROM execution.erasure_tasks k WHERE (k.tenant_id, k.request_id) = (r.tenant_id, r.id) AND k.state = 'open'), 0) AS waiting_runs,
       (SELECT count(*)::int FROM control.erasure_findings f WHERE (f.tenant_id, f.request_id) = (r.tenant_id, r.id) AND f.action = 'retained') AS retained_objects,
       (SELECT max(f.retained_until) FROM control.erasure_findings f WHERE (f.tenant_id, f.request_id) = (r.tenant_id, r.id)) AS retained_until`;

export const insertRequest: Statement = {
  name: 'erasure.insert_request',
  text: `
    INSERT INTO control.erasure_requests (tenant_id, id, workspace_id, person_sealed, principal_id, pseudonym, reason_digest, state, requested_by, event_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8, $9)`,
};

export const findRequest: Statement = {
  name: 'erasure.find_request',
  text: `SELECT ${COLUMNS} FROM control.erasure_requests r WHERE r.tenant_id = $1 AND r.id = $2`,
};

export const listRequests: Statement = {
  name: 'erasure.list_requests',
  text: `SELECT ${COLUMNS} FROM control.erasure_requests r WHERE r.tenant_id = $1 ORDER BY r.requested_at DESC, r.id DESC LIMIT 200`,
};

/** One control plane at a time works on a request; what it has not finished after a minute is taken up again. */
export const claimOpen: Statement = {
  name: 'erasure.claim_open',
  text: `
    WITH open AS (
      SELECT tenant_id, id FROM control.erasure_requests
       WHERE tenant_id = $1 AND state IN ('requested', 'held', 'running') AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
       ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE control.erasure_requests r SET claimed_until = clock_timestamp() + interval '1 minute' FROM open WHERE (r.tenant_id, r.id) = (open.tenant_id, open.id)
    RETURNING ${COLUMNS}`,
};

/** Looked at again in so many seconds. */
export const letGo: Statement = {
  name: 'erasure.let_go',
  text: `UPDATE control.erasure_requests SET claimed_until = clock_timestamp() + $3 * interval '1 second' WHERE tenant_id = $1 AND id = $2`,
};

/** Said while a long search goes on, so that nobody else takes it up. */
export const keepClaim: Statement = {
  name: 'erasure.keep_claim',
  text: `UPDATE control.erasure_requests SET claimed_until = clock_timestamp() + interval '1 minute' WHERE tenant_id = $1 AND id = $2`,
};

export const toHeld: Statement = {
  name: 'erasure.to_held',
  text: `UPDATE control.erasure_requests SET state = 'held', blocked_by = $3 WHERE tenant_id = $1 AND id = $2`,
};

export const toRunning: Statement = {
  name: 'erasure.to_running',
  text: `UPDATE control.erasure_requests SET state = 'running', blocked_by = NULL WHERE tenant_id = $1 AND id = $2`,
};

export const toCompleted: Statement = {
  name: 'erasure.to_completed',
  text: `
    UPDATE control.erasure_requests SET state = 'completed', person_sealed = NULL, counts = $3, evidence_package_id = $4, completed_at = clock_timestamp()
     WHERE tenant_id = $1 AND id = $2 AND state = 'running'`,
};

export const toFailed: Statement = {
  name: 'erasure.to_failed',
  text: `UPDATE control.erasure_requests SET state = 'failed', counts = $3, error = $4 WHERE tenant_id = $1 AND id = $2 AND state = 'running'`,
};

export const insertTask: Statement = {
  name: 'erasure.insert_task',
  text: 'INSERT INTO execution.erasure_tasks (tenant_id, request_id, terms_sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

export const isTaskDone: Statement = {
  name: 'erasure.is_task_done',
  text: `SELECT state = 'done' AS done FROM execution.erasure_tasks WHERE tenant_id = $1 AND request_id = $2`,
};

const insertFinding: Statement = {
  name: 'erasure.insert_findings',
  text: `
    INSERT INTO control.erasure_findings (tenant_id, request_id, place, row_id, action, retained_until)
    SELECT $1, $2, f.place, f.row_id, f.action, f.retained_until FROM jsonb_to_recordset($3::jsonb) AS f (place text, row_id text, action text, retained_until timestamptz) ON CONFLICT DO NOTHING`,
};

export async function insertFindings(tx: Transaction, tenantId: string, requestId: string, findings: readonly Finding[]): Promise<void> {
  if (findings.length > 0) await tx.change(insertFinding, [tenantId, requestId, JSON.stringify(findings)]);
}

/** What both planes found, by place and row. */
export const listFindings: Statement = {
  name: 'erasure.list_findings',
  text: `
    SELECT place, row_id, action, to_char(retained_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS retained_until FROM control.erasure_findings WHERE tenant_id = $1 AND request_id = $2
    UNION ALL SELECT place, row_id, action, NULL FROM execution.erasure_findings WHERE tenant_id = $1 AND request_id = $2
    ORDER BY 1, 2`,
};

const evidenceOfBefore: Statement = {
  name: 'erasure.evidence_of_before',
  text: `SELECT object_key FROM execution.evidence WHERE tenant_id = $1 AND NOT starts_with(object_key, 't/') ORDER BY object_key`,
};

/** Keys of evidence that do not begin with their tenant: of before they did. */
export async function strayEvidence(tx: Transaction, tenantId: string): Promise<string[]> {
  return (await tx.rows<{ object_key: string }>(evidenceOfBefore, [tenantId])).map(({ object_key }) => object_key);
}

const runHeld: Statement = { name: 'erasure.is_run_held', text: 'SELECT control.is_run_held($1, $2) AS held' };

export async function isRunHeld(tx: Transaction, tenantId: string, runId: string): Promise<boolean> {
  return (await tx.one<{ held: boolean }>(runHeld, [tenantId, runId])).held;
}
