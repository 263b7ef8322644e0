import { CHECKPOINT_IS_READY } from '@countersign/platform/audit/repository-shown-events.ts';
import { showEvents } from '@countersign/platform/audit/shown-events.ts';
import type { ShownEvents } from '@countersign/platform/audit/shown-events.ts';
import type { EvidenceKey } from '@countersign/contracts/evidence/bundle.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { readAgentRecord } from './repository-agents.ts';
import type { AgentRecord } from './repository-agents.ts';

/** Finished runs whose events are all sealed and covered by a checkpoint, and whose children have their evidence: theirs can be built now. */
const dueRuns: Statement = {
  name: 'evidence.due_runs',
  text: `
    SELECT r.id AS run_id
      FROM execution.runs r
     WHERE r.finished_at IS NOT NULL AND r.evidence_id IS NULL
       -- what the run has started is named with the digest of its evidence
       AND NOT EXISTS (SELECT FROM execution.runs c WHERE c.tenant_id = r.tenant_id AND c.parent_run_id = r.id AND c.evidence_id IS NULL)
       -- nothing of the run is still waiting to be sealed ...
       AND NOT EXISTS (SELECT FROM audit.events e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.id
                         AND NOT EXISTS (SELECT FROM audit.links l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id))
       -- ... and a signed tree that can be shown holds its last event
       AND EXISTS (SELECT FROM audit.checkpoints c
                    WHERE c.tenant_id = r.tenant_id AND c.chain = r.tenant_id || '/' || r.workspace_id AND c.format = 'v2'
                      AND c.seq >= (SELECT max(l.seq) FROM audit.events e JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id)
                                    WHERE e.tenant_id = r.tenant_id AND e.run_id = r.id)
                      AND ${CHECKPOINT_IS_READY})
     ORDER BY r.finished_at
     LIMIT $1`,
};

const lockRun: Statement = {
  name: 'evidence.lock_run',
  text: `
    SELECT r.id, r.tenant_id, r.workspace_id, r.environment_id, e.name AS environment, r.workflow_id, r.workflow_name, r.workflow_version,
           r.workflow_digest, r.pins, r.trigger_kind, r.trigger_key, r.delivery_id, r.subject, r.subject_label, r.state, r.error,
           r.cost_usd::text AS cost_usd, r.created_at, r.event_at, r.started_at, r.finished_at, r.deadline_at, r.engine_version, r.parent_run_id, r.parent_step_id
      FROM execution.runs r
      JOIN control.environments e ON e.tenant_id = r.tenant_id AND e.id = r.environment_id
     WHERE r.id = $1 AND r.finished_at IS NOT NULL AND r.evidence_id IS NULL
       FOR UPDATE OF r SKIP LOCKED`,
};

const children: Statement = {
  name: 'evidence.children',
  text: `
    SELECT c.id AS run_id, s.key AS step_key, c.workflow_name, c.workflow_version, c.workflow_digest, c.state, c.cost_usd::text AS cost_usd, e.sha256 AS evidence_sha256
      FROM execution.runs c
      JOIN execution.steps s ON s.tenant_id = c.tenant_id AND s.id = c.parent_step_id
      JOIN execution.evidence e ON e.tenant_id = c.tenant_id AND e.id = c.evidence_id
     WHERE c.parent_run_id = $1 ORDER BY s.ordinal`,
};

const workflowSource: Statement = {
  name: 'evidence.workflow_source',
  text: 'SELECT source FROM control.workflow_versions WHERE workflow_id = $1 AND version = $2',
};

const steps: Statement = {
  name: 'evidence.steps',
  text: `
    SELECT s.id, s.key, s.uses, s.needs, s.state, s.attempt, s.error, s.approval_id, s.started_at, s.finished_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('attempt', a.attempt, 'fence', a.fence::text, 'worker', a.worker,
                            'started_at', to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                            'finished_at', to_char(a.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'result', a.result) ORDER BY a.fence)
                       FROM execution.step_attempts a WHERE a.tenant_id = s.tenant_id AND a.step_id = s.id), '[]') AS attempts
      FROM execution.steps s WHERE s.run_id = $1 ORDER BY s.ordinal`,
};

const decisions: Statement = {
  name: 'evidence.decisions',
  text: `
    SELECT id, step_id, call_key, action, instance_id, action_digest, outcome, reasons, obligations, bundle_revision, bundle_seq::int AS bundle_seq, bundle_digest,
           bundle_age_ms::float8 AS bundle_age_ms, bundle_expires_at, path, input_digest, erased, shadows, differs, routed_from, evaluated_us, approval_id, decided_at
      FROM execution.decisions WHERE run_id = $1 ORDER BY decided_at, id`,
};

const toolCalls: Statement = {
  name: 'evidence.tool_calls',
  text: `
    SELECT id, step_id, call_key, attempt, action, risk, connector_version, instance_id, action_digest, idempotency_key, decision_id, approval_id,
           action_content_id, state, request_digest, response_digest, receipt, model, error, intended_at, finished_at, duration_ms
      FROM execution.tool_calls WHERE run_id = $1 ORDER BY intended_at, id`,
};

const approvals: Statement = {
  name: 'evidence.approvals',
  text: `
    SELECT a.id, a.kind, a.call_id, a.answer, a.step_key, a.action, a.action_digest, a.action_sealed, a.shredded_at, a.subject, a.tier, a.required_role, a.required_votes, a.min_strength, a.max_sign_in_age_ms::float8 AS max_sign_in_age_ms, a.requested_by, a.decision_id, a.state,
           a.requested_at, a.expires_at, a.decided_at, a.consumed_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', v.id, 'principal_id', v.principal_id, 'role', v.role, 'decision', v.decision,
                            'action_digest', v.action_digest, 'auth_strength', v.auth_strength,
                            'sign_in_age_ms', CASE WHEN v.signed_in_at IS NOT NULL THEN greatest(0, round(extract(epoch FROM v.voted_at - v.signed_in_at) * 1000))::bigint END, 'channel', v.channel,
                            'auth', jsonb_build_object('method', v.auth_method, 'idp', v.provider_id, 'acr', v.acr, 'amr', to_jsonb(v.amr)),
                            'voted_at', to_char(v.voted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY v.voted_at, v.id)
                       FROM control.approval_votes v WHERE v.tenant_id = a.tenant_id AND v.approval_id = a.id), '[]') AS votes
      FROM control.approvals a WHERE a.run_id = $1 ORDER BY a.requested_at, a.id`,
};

const costs: Statement = {
  name: 'evidence.costs',
  text: `SELECT id, call_id, meter, quantity::text AS quantity, unit, price, amount_usd::text AS amount_usd, metered_at FROM execution.cost_lines WHERE run_id = $1 ORDER BY metered_at, id`,
};

const contents: Statement = {
  name: 'evidence.contents',
  text: `
    SELECT c.id, c.kind, c.sha256, c.size_bytes, c.labels, c.created_at, c.expires_at, c.shredded_at
      FROM execution.contents c
     WHERE c.id IN (SELECT trigger_content_id FROM execution.runs WHERE id = $1
                    UNION SELECT unnest(ARRAY[input_content_id, output_content_id]) FROM execution.steps WHERE run_id = $1
                    UNION SELECT action_content_id FROM execution.tool_calls WHERE run_id = $1)
     ORDER BY c.created_at, c.id`,
};

const signingKeys: Statement = {
  name: 'evidence.signing_keys',
  text: 'SELECT kid, purpose, algorithm, public_jwk, revoked_at, compromised_since FROM control.signing_keys ORDER BY kid',
};

const insertEvidence: Statement = {
  name: 'evidence.insert',
  text: `
    WITH linked AS (UPDATE execution.runs SET evidence_id = $2 WHERE tenant_id = $1 AND id = $3)
    INSERT INTO execution.evidence (tenant_id, id, run_id, object_key, sha256, size_bytes, format, kid, statement_sha256) VALUES ($1, $2, $3, $4, $5, $6, 'v2', $7, $8)`,
};

const tenantDirectory: Statement = { name: 'evidence.tenants', text: 'SELECT tenant_id FROM control.tenant_directory ORDER BY tenant_id' };

export interface RunRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly workspace_id: string;
  readonly workflow_id: string;
  readonly workflow_version: number;
  readonly [column: string]: unknown;
}

/** A run that a step of this one started: its own evidence proves it. */
export interface ChildRow { readonly run_id: string; readonly cost_usd: string; readonly evidence_sha256: string; readonly [column: string]: unknown }
export interface ApprovalRow { readonly id: string; readonly action_digest: string; readonly action_sealed: Buffer | null; readonly [column: string]: unknown }
export interface ToolCallRow { readonly id: string; readonly risk: string; readonly action_digest: string; readonly action_content_id: string | null; readonly [column: string]: unknown }
export interface SigningKeyRow {
  readonly kid: string;
  readonly purpose: EvidenceKey['purpose'];
  readonly algorithm: string;
  readonly public_jwk: Record<string, string>;
  readonly revoked_at: Date | null;
  readonly compromised_since: Date | null;
}

/** Everything that a bundle is made of, read in one transaction. */
export interface RunRecord {
  readonly run: RunRow;
  readonly children: readonly ChildRow[];
  readonly workflowSource: string;
  readonly steps: readonly object[];
  readonly decisions: readonly object[];
  readonly toolCalls: readonly ToolCallRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly costs: ReadonlyArray<{ readonly amount_usd: string; readonly [column: string]: unknown }>;
  readonly contents: readonly object[];
  readonly agents: AgentRecord;
  readonly events: ShownEvents;
  readonly keys: readonly SigningKeyRow[];
}

export async function listTenants(tx: Transaction): Promise<string[]> {
  return (await tx.rows<{ tenant_id: string }>(tenantDirectory)).map((row) => row.tenant_id);
}

export async function listDueRuns(tx: Transaction, limit: number): Promise<string[]> {
  return (await tx.rows<{ run_id: string }>(dueRuns, [limit])).map((row) => row.run_id);
}

/** The record of a run, locked; undefined when another builder has it, it needs no evidence any more, or its events are not all in a signed tree. */
export async function readRunRecord(tx: Transaction, runId: string): Promise<RunRecord | undefined> {
  const run = await tx.maybeOne<RunRow>(lockRun, [runId]);
  const events = run === undefined ? undefined : await showEvents(tx, run.tenant_id, run.workspace_id, { runId });
  if (run === undefined || events === undefined || events === null) return undefined;
  return {
    run,
    events,
    children: await tx.rows<ChildRow>(children, [runId]),
    workflowSource: (await tx.one<{ source: string }>(workflowSource, [run.workflow_id, run.workflow_version])).source,
    steps: await tx.rows(steps, [runId]),
    decisions: await tx.rows(decisions, [runId]),
    toolCalls: await tx.rows<ToolCallRow>(toolCalls, [runId]),
    approvals: await tx.rows<ApprovalRow>(approvals, [runId]),
    costs: await tx.rows(costs, [runId]),
    contents: await tx.rows(contents, [runId]),
    agents: await readAgentRecord(tx, runId),
    keys: await tx.rows<SigningKeyRow>(signingKeys),
  };
}

export interface EvidenceRow {
  readonly tenantId: string;
  readonly id: string;
  readonly runId: string;
  readonly objectKey: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The key that signed it, and the SHA-256 of what was signed. */
  readonly kid: string;
  readonly statementSha256: string;
}

export async function storeEvidence(tx: Transaction, { tenantId, id, runId, objectKey, sha256, sizeBytes, kid, statementSha256 }: EvidenceRow): Promise<void> {
  await tx.change(insertEvidence, [tenantId, id, runId, objectKey, sha256, sizeBytes, kid, statementSha256]);
}
