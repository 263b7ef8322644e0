import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { jsonb } from '../contents/jsonb.ts';

const dueInstances: Statement = {
  name: 'reconciler.due_instances',
  text: `
    SELECT i.tenant_id, t.slug AS tenant_slug, i.workspace_id, w.slug AS workspace_slug, i.environment_id, e.name AS environment_name,
           i.id AS instance_id, i.name AS instance_name, i.connector, i.settings, c.cursor
      FROM control.connector_instances i
      JOIN control.tenant_directory t ON t.tenant_id = i.tenant_id
      JOIN control.workspaces w ON w.tenant_id = i.tenant_id AND w.id = i.workspace_id
      JOIN control.environments e ON e.tenant_id = i.tenant_id AND e.id = i.environment_id
      LEFT JOIN execution.reconciler_cursors c ON c.tenant_id = i.tenant_id AND c.instance_id = i.id
     WHERE i.enabled AND i.pool_id IS NULL AND w.archived_at IS NULL AND i.connector = ANY ($1::text[]) AND (c.polled_at IS NULL OR c.polled_at <= clock_timestamp() - $2::float8 * interval '1 millisecond')
     ORDER BY c.polled_at NULLS FIRST LIMIT 50`,
};

export interface DueInstance {
  readonly tenant_id: string; readonly tenant_slug: string; readonly workspace_id: string; readonly workspace_slug: string;
  readonly environment_id: string; readonly environment_name: string;
  readonly instance_id: string; readonly instance_name: string; readonly connector: string; readonly settings: JsonObject; readonly cursor: string | null;
}

export function findDueInstances(tx: Transaction, connectors: readonly string[], everyMs: number): Promise<DueInstance[]> {
  return tx.rows<DueInstance>(dueInstances, [connectors, everyMs]);
}

// One run and one step per instance, for ever: what the reconciler reads is governed and recorded like every other call, under an
// identity of its own. Its step is never `available`, so no dispatcher takes it; `lease` below does.
const ensureRun: Statement = {
  name: 'reconciler.ensure_run',
  text: `
    WITH run AS (
      INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition,
        trigger_kind, trigger_key, subject_label)
      VALUES ($1, $2, $3, $4, 'system', 'reconciler', 1, $5, $6::jsonb, 'system', $7, $8)
      ON CONFLICT ON CONSTRAINT one_run_per_workflow_and_trigger DO NOTHING
      RETURNING id
    ), step AS (
      INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state, max_attempts, available_at)
      SELECT $1, $9, run.id, 'poll', 0, 'system/reconcile', 'ready', 1, 'infinity' FROM run
    )
    SELECT (SELECT id FROM run) AS created`,
};

const appendCreated: Statement = { name: 'reconciler.append_created', text: `WITH ${auditStep(1)} SELECT count(*) AS events FROM audited` };

export interface SystemRun { readonly runId: string; readonly stepId: string; readonly digest: string; readonly definition: unknown }

export async function ensureSystemRun(tx: Transaction, instance: DueInstance, run: SystemRun, event: NewAuditEvent, at: Date): Promise<void> {
  const { created } = await tx.one<{ created: string | null }>(ensureRun, [
    instance.tenant_id, run.runId, instance.workspace_id, instance.environment_id, run.digest, JSON.stringify(run.definition), instance.instance_id,
    instance.instance_name, run.stepId,
  ]);
  if (created !== null) await tx.rows(appendCreated, auditValues([event], at));
}

const leaseStep: Statement = {
  name: 'reconciler.lease',
  text: `
    WITH own AS (
      SELECT s.tenant_id, s.id, s.run_id, r.workflow_digest
        FROM execution.runs r JOIN execution.steps s ON s.tenant_id = r.tenant_id AND s.run_id = r.id
       WHERE r.tenant_id = $1 AND r.environment_id = $2 AND r.workflow_id = 'system' AND r.trigger_key = $3
         AND (s.state = 'ready' OR (s.state = 'leased' AND s.lease_expires_at <= clock_timestamp()))
         FOR NO KEY UPDATE OF s SKIP LOCKED
    ), started AS (
      UPDATE execution.runs r SET state = 'running', started_at = clock_timestamp() FROM own
       WHERE r.tenant_id = own.tenant_id AND r.id = own.run_id AND r.state = 'queued'
    )
    UPDATE execution.steps s SET state = 'leased', lease_owner = $4, lease_expires_at = clock_timestamp() + $5::float8 * interval '1 millisecond', fence = s.fence + 1
      FROM own WHERE s.tenant_id = own.tenant_id AND s.id = own.id
    RETURNING s.run_id, s.id AS step_id, s.fence::text AS fence, own.workflow_digest`,
};

export interface PollLease { readonly run_id: string; readonly step_id: string; readonly fence: string; readonly workflow_digest: string }

/** Takes the instance's step, unless another worker polls that instance now. */
export function leasePoll(tx: Transaction, instance: DueInstance, worker: string, leaseMs: number): Promise<PollLease | undefined> {
  return tx.maybeOne<PollLease>(leaseStep, [instance.tenant_id, instance.environment_id, instance.instance_id, worker, leaseMs]);
}

const releaseStep: Statement = {
  name: 'reconciler.release',
  text: `UPDATE execution.steps SET state = 'ready', lease_owner = NULL, lease_expires_at = NULL, available_at = 'infinity'
    WHERE tenant_id = $1 AND id = $2 AND fence = $3::bigint AND state = 'leased'`,
};

export async function releasePoll(tx: Transaction, tenantId: string, lease: PollLease): Promise<void> {
  await tx.change(releaseStep, [tenantId, lease.step_id, lease.fence]);
}

const storeFound: Statement = {
  name: 'reconciler.store_found',
  text: `
    WITH held AS (
      SELECT id FROM execution.steps WHERE tenant_id = $1 AND id = $2 AND fence = $3::bigint AND state = 'leased' AND lease_expires_at > clock_timestamp() FOR NO KEY UPDATE
    ), found AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label, dedupe_key, source, payload)
      SELECT $1, f.id, $4, $5, $6, $7, f.event, f.subject, f.subject_label, f.dedupe_key, 'reconciler', f.payload
        FROM held, jsonb_to_recordset($8::jsonb) AS f(id text, event text, subject text, subject_label text, dedupe_key text, payload jsonb)
      -- the webhook was here first
      ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
      RETURNING id
    ), moved AS (
      INSERT INTO execution.reconciler_cursors (tenant_id, instance_id, cursor, found_count)
      SELECT $1, $6, $9, (SELECT count(*) FROM found) FROM held
      ON CONFLICT (tenant_id, instance_id) DO UPDATE
        SET cursor = excluded.cursor, polled_at = clock_timestamp(), found_count = reconciler_cursors.found_count + excluded.found_count
    )
    SELECT (SELECT count(*)::int FROM held) AS held, coalesce((SELECT array_agg(id) FROM found), '{}') AS found`,
};

export interface FoundDelivery { readonly id: string; readonly event: string; readonly subject: string; readonly subject_label: string | null; readonly dedupe_key: string; readonly payload: JsonObject }

/** Stores what was found and where to go on; gives the ids of deliveries that are new, or null when the lease is gone. */
export async function storePoll(tx: Transaction, instance: DueInstance, lease: PollLease, cursor: string, found: readonly FoundDelivery[]): Promise<string[] | null> {
  const done = await tx.one<{ held: number; found: string[] }>(storeFound, [
    instance.tenant_id, lease.step_id, lease.fence, instance.workspace_id, instance.environment_id, instance.instance_id, instance.connector, jsonb(found), cursor,
  ]);
  return done.held === 1 ? done.found : null;
}

export async function appendFound(tx: Transaction, events: readonly NewAuditEvent[], at: Date): Promise<void> {
  if (events.length > 0) await tx.rows(appendCreated, auditValues(events, at));
}
