import type { Json } from '@countersign/connectors/sdk/connector.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { contentStep, contentValues } from '../contents/contents.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { RunPins } from '../dispatch/repository-runs.ts';
import { MAX_PAYLOAD_BYTES } from './check-payload.ts';

const DELIVERY = `
    d.tenant_id, d.id, d.workspace_id, d.environment_id, d.instance_id, d.connector, d.event, d.subject, d.subject_label, d.dedupe_key, d.source, d.traceparent, d.received_at,
           CASE WHEN size.bytes <= ${MAX_PAYLOAD_BYTES} THEN d.payload END AS payload, size.bytes AS payload_bytes,
           EXISTS (SELECT FROM execution.written_versions w
                    WHERE w.tenant_id = d.tenant_id AND w.instance_id = d.instance_id AND w.dedupe_key = d.dedupe_key) AS is_echo,
           (SELECT coalesce(v.manifest->'triggers'->d.event->>'run_per', 'subject')
              FROM control.connector_instances i
              JOIN control.connector_versions v ON v.tenant_id = i.tenant_id AND v.connector = i.connector AND v.version = i.connector_version
             WHERE i.tenant_id = d.tenant_id AND i.id = d.instance_id) AS run_per,
           (SELECT i.settings->'loop_guard' FROM control.connector_instances i WHERE i.tenant_id = d.tenant_id AND i.id = d.instance_id) AS loop_guard`;

const takeAccepted: Statement = {
  name: 'deliveries.take',
  text: `
    WITH RECURSIVE tenant AS (
      (SELECT d.tenant_id FROM execution.deliveries d WHERE d.state = 'accepted' AND d.tenant_id > $2 ORDER BY d.tenant_id LIMIT 1)
      UNION ALL
      SELECT next.* FROM tenant t CROSS JOIN LATERAL (SELECT d.tenant_id FROM execution.deliveries d WHERE d.state = 'accepted' AND d.tenant_id > t.tenant_id ORDER BY d.tenant_id LIMIT 1) next
    ), looked_at AS (
      SELECT * FROM tenant LIMIT $1
    ), taken AS (
      -- an equal share for everybody who has sent something
      SELECT d.* FROM looked_at t CROSS JOIN LATERAL (
        SELECT * FROM execution.deliveries d WHERE d.tenant_id = t.tenant_id AND d.state = 'accepted' ORDER BY d.received_at, d.id
         LIMIT (SELECT greatest($1 / count(*), 1) FROM looked_at) FOR UPDATE SKIP LOCKED) d
    )
    SELECT ${DELIVERY}
      FROM taken d CROSS JOIN LATERAL (SELECT octet_length(d.payload::text) AS bytes) size
     -- what is about the same thing is handled in its order: not while another worker has something earlier in hand
     WHERE d.source = 'manual' OR NOT EXISTS (
             SELECT FROM (
               -- where there are more of them than were taken, one of them was not
               SELECT e.id FROM execution.deliveries e
                WHERE e.tenant_id = d.tenant_id AND e.instance_id = d.instance_id AND e.subject = d.subject AND e.state = 'accepted' AND e.received_at <= d.received_at
                  AND (e.received_at < d.received_at OR e.id < d.id)
                ORDER BY e.received_at, e.id LIMIT $1 + 1) earlier
              WHERE NOT EXISTS (SELECT FROM taken t WHERE t.id = earlier.id))
     ORDER BY d.received_at, d.id`,
};

/** Locks up to `limit` accepted deliveries, an equal share of each tenant behind `afterTenant`, in the order in which they came. */
export function takeDeliveries(tx: Transaction, limit: number, afterTenant: string): Promise<DeliveryRow[]> {
  return tx.rows<DeliveryRow>(takeAccepted, [limit, afterTenant]);
}

const lockAccepted: Statement = {
  name: 'deliveries.lock',
  text: `
    SELECT ${DELIVERY}
      FROM execution.deliveries d CROSS JOIN LATERAL (SELECT octet_length(d.payload::text) AS bytes) size
     WHERE d.tenant_id = $1 AND d.id = $2 AND d.state = 'accepted' FOR UPDATE OF d SKIP LOCKED`,
};

const countAttempt: Statement = {
  name: 'deliveries.count_attempt',
  text: `UPDATE execution.deliveries SET attempts = attempts + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'accepted' RETURNING attempts`,
};

/** Commits that it is tried once more, before it is: what takes its worker down is counted too. Undefined where it is not there to be tried any more. */
export async function countDeliveryAttempt(tx: Transaction, tenantId: string, id: string): Promise<number | undefined> {
  return (await tx.maybeOne<{ attempts: number }>(countAttempt, [tenantId, id]))?.attempts;
}

export interface DeliveryRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly instance_id: string;
  readonly connector: string;
  readonly event: string;
  readonly subject: string;
  readonly subject_label: string | null;
  /** Names this version of the subject. */
  readonly dedupe_key: string;
  readonly source: 'webhook' | 'reconciler' | 'manual' | 'schedule';
  /** Null where it is too large to be read. */
  readonly payload: Json;
  readonly payload_bytes: number;
  readonly traceparent: string | null;
  readonly received_at: Date;
  /** This version of the record was made by a write of ours. */
  readonly is_echo: boolean;
  /** Of the trigger: whether a workflow runs once for the subject, or once for each version. Null where the instance is gone. */
  readonly run_per: 'subject' | 'version' | null;
  /** The instance's setting. */
  readonly loop_guard: Json | null;
}

export function lockDelivery(tx: Transaction, tenantId: string, id: string): Promise<DeliveryRow | undefined> {
  return tx.maybeOne<DeliveryRow>(lockAccepted, [tenantId, id]);
}

const ACTIVE = `
    SELECT w.id, w.name, v.version, v.digest, v.definition
      FROM control.workflow_activations a
      JOIN control.workflows w ON w.tenant_id = a.tenant_id AND w.id = a.workflow_id
      JOIN control.workflow_versions v ON v.tenant_id = a.tenant_id AND v.workflow_id = a.workflow_id AND v.version = a.version
     WHERE a.tenant_id = $1 AND a.environment_id = $2 AND a.enabled`;

const activeForEvent: Statement = {
  name: 'workflows.active_for_event',
  text: `${ACTIVE} AND v.definition->'trigger'->>'connector' = $3 AND v.definition->'trigger'->>'event' = $4 ORDER BY w.name`,
};

const activeByName: Statement = { name: 'workflows.active_by_name', text: `${ACTIVE} AND w.name = $3` };

export interface ActiveWorkflow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly definition: WorkflowDefinition;
}

export function findActiveForEvent(tx: Transaction, delivery: DeliveryRow): Promise<ActiveWorkflow[]> {
  return tx.rows<ActiveWorkflow>(activeForEvent, [delivery.tenant_id, delivery.environment_id, delivery.connector, delivery.event]);
}

export function findActiveByName(tx: Transaction, delivery: DeliveryRow, name: string): Promise<ActiveWorkflow[]> {
  return tx.rows<ActiveWorkflow>(activeByName, [delivery.tenant_id, delivery.environment_id, name]);
}

const pinsNow: Statement = {
  name: 'runs.pins_now',
  text: `
    SELECT (SELECT max(seq)::float8 FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $4) AS policy_bundle_seq,
           coalesce((SELECT jsonb_object_agg(i.connector, jsonb_build_object('version', i.connector_version, 'manifest_digest', i.manifest_digest))
                       FROM control.connector_instances i WHERE i.tenant_id = $1 AND i.environment_id = $2 AND i.enabled), '{}') AS connectors,
           (SELECT jsonb_build_object('connector', i.connector, 'instance_id', i.id, 'instance_name', i.name)
              FROM control.connector_instances i WHERE i.tenant_id = $1 AND i.id = $3) AS trigger`,
};

export function readPins(tx: Transaction, delivery: DeliveryRow): Promise<Required<Pick<RunPins, 'policy_bundle_seq' | 'connectors' | 'trigger'>>> {
  return tx.one(pinsNow, [delivery.tenant_id, delivery.environment_id, delivery.instance_id, bundleScope(delivery.environment_id)]);
}

const subjectLock: Statement = {
  name: 'loop_guards.lock_subject',
  text: `SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'loop_guard', $1::text, $2::text, $3::text), 0)) AS locked`,
};

/** Until the transaction ends, no other worker starts a run for this record. */
export async function lockSubject(tx: Transaction, delivery: DeliveryRow): Promise<void> {
  await tx.rows(subjectLock, [delivery.tenant_id, delivery.instance_id, delivery.subject]);
}

const recentStarts: Statement = {
  name: 'loop_guards.recent_starts',
  text: `
    WITH recent AS (
      SELECT r.id, r.delivery_id, d.event
        FROM execution.runs r JOIN execution.deliveries d ON d.tenant_id = r.tenant_id AND d.id = r.delivery_id
       WHERE r.tenant_id = $1 AND r.subject = $3 AND r.created_at > clock_timestamp() - interval '1 minute' AND d.instance_id = $2
    )
    SELECT (SELECT g.stopped_until FROM execution.loop_guards g
             WHERE g.tenant_id = $1 AND g.instance_id = $2 AND g.subject = $3 AND g.stopped_until > clock_timestamp()) AS stopped_until,
           -- an event that several workflows listen to is one, and that the record was made is no sign of a loop
           (SELECT count(DISTINCT recent.delivery_id)::int FROM recent WHERE recent.event = $4) AS starts,
           EXISTS (SELECT FROM recent JOIN execution.tool_calls c ON c.tenant_id = $1 AND c.run_id = recent.id
                    WHERE c.risk IN ('write', 'destructive') AND c.state <> 'failed') AS wrote`,
};

export interface RecentStarts {
  /** Until when nothing is started for the record; null when nothing stops it. */
  readonly stopped_until: Date | null;
  /** Events of the last minute, of the same name, that started runs. */
  readonly starts: number;
  /** Whether one of those runs has written, or may have. */
  readonly wrote: boolean;
}

export function readRecentStarts(tx: Transaction, delivery: DeliveryRow): Promise<RecentStarts> {
  return tx.one<RecentStarts>(recentStarts, [delivery.tenant_id, delivery.instance_id, delivery.subject, delivery.event]);
}

const stopRecord: Statement = {
  name: 'loop_guards.stop_subject',
  text: `
    INSERT INTO execution.loop_guards (tenant_id, instance_id, subject, delivery_id, starts, stopped_until)
    VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::float8 * interval '1 millisecond')
    ON CONFLICT ON CONSTRAINT loop_guards_pk DO UPDATE
       SET delivery_id = excluded.delivery_id, starts = excluded.starts, tripped_at = clock_timestamp(), stopped_until = excluded.stopped_until
    RETURNING stopped_until`,
};

/** Nothing is started for the record for `pauseMs`. Gives until when. */
export async function stopSubject(tx: Transaction, delivery: DeliveryRow, starts: number, pauseMs: number): Promise<Date> {
  const { stopped_until } = await tx.one<{ stopped_until: Date }>(stopRecord, [delivery.tenant_id, delivery.instance_id, delivery.subject, delivery.id, starts, pauseMs]);
  return stopped_until;
}

const insertSteps: Statement = {
  name: 'steps.insert',
  text: `
    WITH planned AS (
      INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, needs, state, max_attempts, deadline_ms)
      SELECT $1, s.id, $2, s.key, s.ordinal, s.uses, s.needs, CASE WHEN s.needs = '{}' THEN 'ready' ELSE 'blocked' END, s.max_attempts, s.deadline_ms
        FROM jsonb_to_recordset($3::jsonb) AS s(id text, key text, ordinal int, uses text, needs text[], max_attempts int, deadline_ms bigint)
    ), ${contentStep(4)}, ${auditStep(12)}
    SELECT count(*) AS events FROM audited`,
};

export interface NewStep { readonly id: string; readonly key: string; readonly ordinal: number; readonly uses: string; readonly needs: readonly string[]; readonly max_attempts: number; readonly deadline_ms: number | null }

export async function insertStepRows(tx: Transaction, tenantId: string, runId: string, steps: readonly NewStep[], contents: readonly SealedContent[], events: readonly NewAuditEvent[], at: Date): Promise<void> {
  await tx.rows(insertSteps, [tenantId, runId, JSON.stringify(steps), ...contentValues(contents), ...auditValues(events, at)]);
}
