import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type RunError = components['schemas']['RunError'];

export interface RunRow {
  readonly id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly workflow_version: number;
  readonly workflow_digest: string;
  readonly environment: string;
  readonly state: components['schemas']['RunState'];
  readonly subject: string | null;
  readonly subject_label: string | null;
  readonly cost_usd: string;
  readonly created_at: Date;
  readonly event_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly error: RunError | null;
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
  readonly pins: Record<string, never>;
  readonly trigger_kind: string;
  readonly trigger_key: string;
  readonly delivery_id: string | null;
  readonly delivery_source: string | null;
  readonly delivery_event: string | null;
  readonly delivery_instance_id: string | null;
  readonly delivery_received_at: Date | null;
  readonly cursor_at: string;
}

const RUN = `
  SELECT r.id, r.workflow_id, r.workflow_name, r.workflow_version, r.workflow_digest, e.name AS environment, r.state, r.subject, r.subject_label,
         r.cost_usd::text AS cost_usd, r.created_at, r.event_at, r.started_at, r.finished_at, r.error, r.paused_at, r.paused_by, r.pause_reason, r.pins, r.trigger_kind, r.trigger_key, r.delivery_id,
         d.source AS delivery_source, d.event AS delivery_event, d.instance_id AS delivery_instance_id, d.received_at AS delivery_received_at,
         to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
    FROM execution.runs r
    JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
    LEFT JOIN execution.deliveries d ON (d.tenant_id, d.id) = (r.tenant_id, r.delivery_id)`;

export const findRun: Statement = {
  name: 'runs.find',
  text: `${RUN} WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.id = $3`,
};

export interface StepRow {
  readonly id: string;
  readonly key: string;
  readonly uses: string;
  readonly needs: string[];
  readonly state: components['schemas']['StepState'];
  readonly attempt: number;
  readonly max_attempts: number;
  readonly available_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly error: RunError | null;
  readonly approval_id: string | null;
  readonly deadline_at: Date | null;
  readonly map_step_id: string | null;
  readonly item_index: number | null;
  readonly output_content_id: string | null;
  readonly output_sealed: Buffer | null;
}

export const stepsOfRun: Statement = {
  name: 'runs.steps',
  text: `
    SELECT s.id, s.key, s.uses, s.needs, s.state, s.attempt, s.max_attempts, s.available_at, s.started_at, s.finished_at, s.error, s.approval_id,
           s.deadline_at, s.map_step_id, s.item_index, s.output_content_id, c.sealed AS output_sealed
      FROM execution.steps s
      LEFT JOIN execution.contents c ON (c.tenant_id, c.id) = (s.tenant_id, s.output_content_id)
     WHERE s.tenant_id = $1 AND s.run_id = $2 ORDER BY s.ordinal`,
};

export interface FamilyRow {
  readonly deadline_at: Date | null;
  readonly parent: components['schemas']['ParentRun'] | null;
  readonly children: Array<components['schemas']['ChildRun']>;
  readonly cost_with_children_usd: string;
}

/** What started a run, and what it has started. */
export const familyOfRun: Statement = {
  name: 'runs.family',
  text: `
    WITH RECURSIVE below AS (
      SELECT tenant_id, id, cost_usd FROM execution.runs WHERE tenant_id = $1 AND id = $2
      UNION ALL
      SELECT c.tenant_id, c.id, c.cost_usd FROM below b JOIN execution.runs c ON c.tenant_id = b.tenant_id AND c.parent_run_id = b.id
    )
    SELECT r.deadline_at, (SELECT sum(cost_usd)::text FROM below) AS cost_with_children_usd,
           (SELECT jsonb_build_object('run_id', p.id, 'workflow_name', p.workflow_name, 'step_key', s.key)
              FROM execution.runs p JOIN execution.steps s ON (s.tenant_id, s.id) = (r.tenant_id, r.parent_step_id)
             WHERE (p.tenant_id, p.id) = (r.tenant_id, r.parent_run_id)) AS parent,
           coalesce((SELECT jsonb_agg(jsonb_build_object('run_id', c.id, 'workflow_name', c.workflow_name, 'workflow_version', c.workflow_version, 'step_key', s.key,
                              'state', c.state, 'cost_usd', c.cost_usd::text, 'created_at', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                              'finished_at', to_char(c.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY s.ordinal)
                       FROM execution.runs c JOIN execution.steps s ON (s.tenant_id, s.id) = (c.tenant_id, c.parent_step_id)
                      WHERE (c.tenant_id, c.parent_run_id) = (r.tenant_id, r.id)), '[]') AS children
      FROM execution.runs r WHERE r.tenant_id = $1 AND r.id = $2`,
};

export interface AttemptRow {
  readonly step_id: string;
  readonly attempt: number;
  readonly fence: string;
  readonly worker: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly result: string | null;
  readonly error: RunError | null;
}

export const attemptsOfRun: Statement = {
  name: 'runs.attempts',
  text: `
    SELECT a.step_id, a.attempt, a.fence, a.worker, a.started_at, a.finished_at, a.result, a.error
      FROM execution.step_attempts a JOIN execution.steps s ON (s.tenant_id, s.id) = (a.tenant_id, a.step_id)
     WHERE s.tenant_id = $1 AND s.run_id = $2 ORDER BY a.started_at, a.fence`,
};

export interface DecisionRow extends Omit<components['schemas']['Decision'], 'decided_at' | 'bundle_seq' | 'bundle_age_ms'> {
  readonly decided_at: Date;
  readonly bundle_seq: string | null;
  readonly bundle_age_ms: string | null;
}

export const decisionsOfRun: Statement = {
  name: 'runs.decisions',
  text: `
    SELECT id, step_id, call_key, action, outcome, reasons, obligations, action_digest, input_digest, bundle_revision, bundle_seq, bundle_age_ms,
           evaluated_us, decided_at
      FROM execution.decisions WHERE tenant_id = $1 AND run_id = $2 ORDER BY decided_at, id`,
};

export interface CallRow extends Omit<components['schemas']['ToolCall'], 'intended_at' | 'finished_at'> {
  readonly intended_at: Date;
  readonly finished_at: Date | null;
}

export const callsOfRun: Statement = {
  name: 'runs.calls',
  text: `
    SELECT id, step_id, call_key, action, risk, state, action_digest, idempotency_key, decision_id, approval_id, receipt, model, error, intended_at, finished_at, duration_ms,
           (SELECT o.agent_id FROM execution.work_orders o WHERE o.tenant_id = c.tenant_id AND o.call_id = c.id AND o.kind = 'execute' ORDER BY o.issued_at DESC LIMIT 1) AS agent_id
      FROM execution.tool_calls c WHERE tenant_id = $1 AND run_id = $2 ORDER BY intended_at, id`,
};

export const costsOfRun: Statement = {
  name: 'runs.costs',
  text: `
    SELECT call_id, meter, quantity::text AS quantity, unit, amount_usd::text AS amount_usd, price
      FROM execution.cost_lines WHERE tenant_id = $1 AND run_id = $2 ORDER BY metered_at, id`,
};

export interface EvidenceRow {
  readonly id: string;
  readonly object_key: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly built_at: Date;
}

/** The bundle that the run points to: one that was built before a redrive is kept, but is no longer that of the run. */
export const findEvidence: Statement = {
  name: 'runs.evidence',
  text: `
    SELECT e.id, e.object_key, e.sha256, e.size_bytes, e.built_at
      FROM execution.runs r JOIN execution.evidence e ON (e.tenant_id, e.id) = (r.tenant_id, r.evidence_id)
     WHERE r.tenant_id = $1 AND r.id = $2`,
};

export const insertCommand: Statement = {
  name: 'runs.insert_command',
  text: 'INSERT INTO execution.commands (tenant_id, id, run_id, kind, reason, requested_by) VALUES ($1, $2, $3, $4, $5, $6)',
};

/** As the engine's `redriveOf` has it: a run that failed always can; one that goes on where a step is broken, and not as an item of a map that went on without it. */
export const findRedrivable: Statement = {
  name: 'runs.find_redrivable',
  text: `
    SELECT r.state = 'failed' OR (r.state IN ('running', 'waiting') AND EXISTS (
             SELECT FROM execution.steps s LEFT JOIN execution.steps m ON (m.tenant_id, m.id) = (s.tenant_id, s.map_step_id)
              WHERE s.tenant_id = r.tenant_id AND s.run_id = r.id AND s.state IN ('dead', 'failed') AND (m.id IS NULL OR m.state NOT IN ('succeeded', 'skipped')))) AS redrivable
      FROM execution.runs r WHERE r.tenant_id = $1 AND r.id = $2`,
};

/** What a cancellation of the run could not stop now: steps under way or of unknown outcome, with the write that they sent or are about to. */
export const stepsUnderWay: Statement = {
  name: 'runs.steps_under_way',
  text: `
    SELECT s.key AS step_key, s.state,
           (SELECT c.action FROM execution.tool_calls c
             WHERE c.tenant_id = s.tenant_id AND c.run_id = s.run_id AND c.step_id = s.id AND c.risk IN ('write', 'destructive') AND c.state IN ('intended', 'uncertain')
             ORDER BY c.intended_at DESC LIMIT 1) AS action
      FROM execution.steps s WHERE s.tenant_id = $1 AND s.run_id = $2 AND s.state IN ('leased', 'uncertain') ORDER BY s.ordinal`,
};

export const findActive: Statement = {
  name: 'runs.find_active',
  text: `
    SELECT w.id AS workflow_id, e.id AS environment_id, a.enabled
      FROM control.workflows w
      JOIN control.environments e ON (e.tenant_id, e.workspace_id) = (w.tenant_id, w.workspace_id) AND e.name = $4
      LEFT JOIN control.workflow_activations a ON (a.tenant_id, a.workflow_id, a.environment_id) = (w.tenant_id, w.id, e.id)
     WHERE w.tenant_id = $1 AND w.workspace_id = $2 AND w.name = $3`,
};

/** A start by hand is a delivery of its own kind: what it is about is the workflow, and no two are the same. */
export const insertManualDelivery: Statement = {
  name: 'runs.insert_manual_delivery',
  text: `INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload, requested_by)
         VALUES ($1, $2, $3, $4, $5, 'manual', 'manual', $6, $2, 'manual', $7, $8)`,
};

export const rememberRequest: Statement = {
  name: 'runs.remember_request',
  text: `INSERT INTO control.idempotent_requests (tenant_id, principal_id, key, route, request_sha256, response_status, response_body)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
};

export const findRequest: Statement = {
  name: 'runs.find_request',
  text: 'SELECT route, request_sha256, response_body FROM control.idempotent_requests WHERE tenant_id = $1 AND principal_id = $2 AND key = $3',
};

/** A key is good for a day, as callers of other APIs are used to. */
export const forgetRequests: Statement = {
  name: 'runs.forget_requests',
  text: `DELETE FROM control.idempotent_requests WHERE tenant_id = $1 AND created_at < clock_timestamp() - interval '24 hours'`,
};
