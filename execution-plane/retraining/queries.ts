import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';

const candidates: Statement = {
  name: 'retraining.candidates',
  text: `
    SELECT i.tenant_id, i.workspace_id, i.environment_id, e.name AS environment, i.connector, i.id AS instance_id, i.name AS instance_name, w.id AS workflow_id,
           (SELECT max(m.trained_at) FROM execution.models m WHERE m.tenant_id = i.tenant_id AND m.workspace_id = i.workspace_id AND m.instance_id = i.id) AS trained_at,
           (SELECT count(*)::int FROM control.approvals a
             WHERE a.tenant_id = i.tenant_id AND a.workspace_id = i.workspace_id AND a.instance_id = i.id AND a.state = 'consumed'
               AND a.action IN (SELECT i.connector || '/' || confirmed FROM jsonb_array_elements_text(v.manifest->'learning'->'confirmed_by') AS confirmed)) AS consumed_count,
           -- how many were known when it was last asked for: in the key of that delivery
           (SELECT max(split_part(d.dedupe_key, ':', 3)::int) FROM execution.deliveries d
             WHERE d.tenant_id = i.tenant_id AND d.instance_id = i.id AND d.dedupe_key LIKE 'training:%') AS asked_count,
           EXISTS (SELECT FROM execution.runs r WHERE r.tenant_id = i.tenant_id AND r.workflow_id = w.id AND r.environment_id = i.environment_id
                      AND r.state NOT IN ('succeeded', 'failed', 'cancelled') AND r.subject_label = i.name) AS is_open,
           EXISTS (SELECT FROM execution.deliveries d WHERE d.tenant_id = i.tenant_id AND d.instance_id = i.id AND d.state = 'accepted' AND d.dedupe_key LIKE 'training:%') AS is_asked,
           (SELECT max(d.received_at) FROM execution.deliveries d WHERE d.tenant_id = i.tenant_id AND d.instance_id = i.id AND d.dedupe_key LIKE 'training:%')
             > clock_timestamp() - interval '5 minutes' AS is_recent
      FROM control.connector_instances i
      JOIN control.connector_versions v ON (v.tenant_id, v.connector, v.version) = (i.tenant_id, i.connector, i.connector_version) AND v.manifest ? 'learning'
      JOIN control.environments e ON e.tenant_id = i.tenant_id AND e.id = i.environment_id
      JOIN control.workflow_activations a ON a.tenant_id = i.tenant_id AND a.environment_id = i.environment_id AND a.enabled
      JOIN control.workflows w ON w.tenant_id = a.tenant_id AND w.id = a.workflow_id AND w.name = $1
     WHERE i.enabled`,
};

export interface TrainingCandidate {
  readonly tenant_id: string; readonly workspace_id: string; readonly environment_id: string; readonly environment: string; readonly connector: string;
  readonly instance_id: string; readonly instance_name: string; readonly workflow_id: string;
  readonly trained_at: Date | null;
  /** Approved writes so far, and how many there were when training was last asked for. */
  readonly consumed_count: number;
  readonly asked_count: number | null;
  readonly is_open: boolean;
  readonly is_asked: boolean;
  readonly is_recent: boolean | null;
}

export function findCandidates(tx: Transaction, workflow: string): Promise<TrainingCandidate[]> {
  return tx.rows<TrainingCandidate>(candidates, [workflow]);
}

const approvedSubjects: Statement = {
  name: 'retraining.approved_subjects',
  text: `
    SELECT r.subject FROM control.approvals a JOIN execution.runs r ON r.tenant_id = a.tenant_id AND r.id = a.run_id
     WHERE a.tenant_id = $1 AND a.workspace_id = $2 AND a.instance_id = $3 AND a.state = 'consumed' AND r.subject IS NOT NULL
       AND a.action IN (SELECT i.connector || '/' || confirmed
                          FROM control.connector_instances i
                          JOIN control.connector_versions v ON (v.tenant_id, v.connector, v.version) = (i.tenant_id, i.connector, i.connector_version),
                               jsonb_array_elements_text(v.manifest->'learning'->'confirmed_by') AS confirmed
                         WHERE i.tenant_id = $1 AND i.id = $3)
     ORDER BY a.consumed_at DESC LIMIT $4`,
};

/** Records whose proposed write a person approved and that was made, newest first. */
export async function readApprovedSubjects(tx: Transaction, candidate: TrainingCandidate, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ subject: string }>(approvedSubjects, [candidate.tenant_id, candidate.workspace_id, candidate.instance_id, limit]);
  return [...new Set(rows.map((row) => row.subject))];
}

const insertTraining: Statement = {
  name: 'retraining.insert_delivery',
  text: `
    WITH asked AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label, dedupe_key, source, payload)
      VALUES ($1, $2, $3, $4, $5, 'manual', 'manual', $6, $7, $8, 'manual', $9)
      -- another worker asked at the same moment
      ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
      RETURNING id
    )
    SELECT id FROM asked`,
};

const appendAsked: Statement = { name: 'retraining.append_asked', text: `WITH ${auditStep(1)} SELECT count(*) AS events FROM audited` };

export async function insertTrainingDelivery(tx: Transaction, candidate: TrainingCandidate, id: string, dedupeKey: string, payload: unknown, event: NewAuditEvent, at: Date): Promise<boolean> {
  const asked = await tx.maybeOne(insertTraining, [
    candidate.tenant_id, id, candidate.workspace_id, candidate.environment_id, candidate.instance_id, 'classifier-training', candidate.instance_name, dedupeKey, JSON.stringify(payload),
  ]);
  if (asked === undefined) return false;
  await tx.rows(appendAsked, auditValues([event], at));
  return true;
}
