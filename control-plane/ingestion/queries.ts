import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';

export const findTenantOfInstance: Statement = {
  name: 'ingestion.find_tenant_of_instance',
  text: 'SELECT tenant_id FROM control.instance_directory WHERE instance_id = $1',
};

export interface InstanceRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly connector: string;
  readonly enabled: boolean;
  readonly settings: Record<string, unknown>;
  readonly manifest: ConnectorManifest;
  readonly manifest_digest: string;
  readonly webhook_credential_id: string | null;
  readonly webhook_sealed: Buffer | null;
  readonly webhook_secret_ref: string | null;
  /** The secret before, while it verifies, too. */
  readonly webhook_previous_sealed: Buffer | null;
  readonly webhook_previous_secret_ref: string | null;
  readonly shared_secret_credential_id: string | null;
  readonly shared_secret_sealed: Buffer | null;
  readonly shared_secret_secret_ref: string | null;
  readonly shared_secret_previous_sealed: Buffer | null;
  readonly shared_secret_previous_secret_ref: string | null;
}

export const findInstance: Statement = {
  name: 'ingestion.find_instance',
  text: `
    SELECT i.id, i.workspace_id, i.environment_id, i.connector, i.enabled AND p.archived_at IS NULL AS enabled, i.settings, v.manifest, v.manifest_digest,
           i.webhook_credential_id, w.sealed AS webhook_sealed, w.secret_ref AS webhook_secret_ref,
           CASE WHEN w.previous_until > clock_timestamp() THEN w.previous_sealed END AS webhook_previous_sealed,
           CASE WHEN w.previous_until > clock_timestamp() THEN w.previous_secret_ref END AS webhook_previous_secret_ref,
           i.shared_secret_credential_id, s.sealed AS shared_secret_sealed, s.secret_ref AS shared_secret_secret_ref,
           CASE WHEN s.previous_until > clock_timestamp() THEN s.previous_sealed END AS shared_secret_previous_sealed,
           CASE WHEN s.previous_until > clock_timestamp() THEN s.previous_secret_ref END AS shared_secret_previous_secret_ref
      FROM control.connector_instances i
      JOIN control.workspaces p ON (p.tenant_id, p.id) = (i.tenant_id, i.workspace_id)
      JOIN control.connector_versions v ON (v.tenant_id, v.connector, v.version) = (i.tenant_id, i.connector, i.connector_version)
      LEFT JOIN control.credentials w ON (w.tenant_id, w.id) = (i.tenant_id, i.webhook_credential_id)
      LEFT JOIN control.credentials s ON (s.tenant_id, s.id) = (i.tenant_id, i.shared_secret_credential_id)
     WHERE i.tenant_id = $1 AND i.id = $2`,
};

export const findWebhook: Statement = {
  name: 'ingestion.find_webhook',
  text: 'SELECT body_sha256 FROM control.webhook_replays WHERE tenant_id = $1 AND instance_id = $2 AND webhook_id = $3',
};

/** Twice the window both ways, doubled: after that a replay is refused by its timestamp, or where none is signed, is the duplicate of its delivery. */
export const forgetWebhooks: Statement = {
  name: 'ingestion.forget_webhooks',
  text: `DELETE FROM control.webhook_replays WHERE tenant_id = $1 AND seen_at < clock_timestamp() - interval '20 minutes'`,
};

/**
 * A webhook in one round trip. Nothing is inserted where its id was seen before; where the event itself was delivered before,
 * `delivered` is null. Whether it is our own write is decided here, so that the audit event that says so is chosen here too.
 */
export const recordWebhook: Statement = {
  name: 'ingestion.record_webhook',
  text: `
    WITH first_seen AS (
      INSERT INTO control.webhook_replays (tenant_id, instance_id, webhook_id, body_sha256)
      SELECT $1, $5, $14, $15 WHERE $14::text IS NOT NULL
      ON CONFLICT DO NOTHING RETURNING 1),
    judged AS (
      SELECT coalesce($13::text, (SELECT 'own_write' FROM execution.written_versions w WHERE (w.tenant_id, w.instance_id, w.dedupe_key) = ($1, $5, $10))) AS dropped_because
       WHERE $14::text IS NULL OR EXISTS (SELECT FROM first_seen)),
    delivered AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label,
                                        dedupe_key, source, payload, traceparent, state, dropped_because, handled_at)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'webhook', $11, $12, CASE WHEN dropped_because IS NULL THEN 'accepted' ELSE 'dropped' END,
             dropped_because, CASE WHEN dropped_because IS NOT NULL THEN clock_timestamp() END
        FROM judged
      ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
      RETURNING id, dropped_because),
    audited AS (
      SELECT audit.append($1, $16, $17, CASE WHEN dropped_because IS NULL THEN 'delivery.accepted' ELSE 'delivery.dropped' END, NULL,
                          CASE WHEN dropped_because IS NULL THEN $18 ELSE $19 END)
        FROM delivered)
    SELECT EXISTS (SELECT FROM judged) AS is_new_webhook, (SELECT id FROM delivered) AS delivered, (SELECT dropped_because FROM delivered) AS dropped_because,
           (SELECT count(*) FROM audited) AS audited`,
};

export interface RecordedRow {
  readonly is_new_webhook: boolean;
  readonly delivered: string | null;
  readonly dropped_because: string | null;
}

export const findDelivery: Statement = {
  name: 'ingestion.find_delivery',
  text: 'SELECT id, dropped_because FROM execution.deliveries WHERE tenant_id = $1 AND instance_id = $2 AND dedupe_key = $3',
};
