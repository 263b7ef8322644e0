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
  readonly shared_secret_credential_id: string | null;
  readonly shared_secret_sealed: Buffer | null;
}

export const findInstance: Statement = {
  name: 'ingestion.find_instance',
  text: `
    SELECT i.id, i.workspace_id, i.environment_id, i.connector, i.enabled, i.settings, v.manifest, v.manifest_digest,
           i.webhook_credential_id, w.sealed AS webhook_sealed, i.shared_secret_credential_id, s.sealed AS shared_secret_sealed
      FROM control.connector_instances i
      JOIN control.connector_versions v ON (v.tenant_id, v.connector, v.version) = (i.tenant_id, i.connector, i.connector_version)
      LEFT JOIN control.credentials w ON (w.tenant_id, w.id) = (i.tenant_id, i.webhook_credential_id)
      LEFT JOIN control.credentials s ON (s.tenant_id, s.id) = (i.tenant_id, i.shared_secret_credential_id)
     WHERE i.tenant_id = $1 AND i.id = $2`,
};

export const rememberWebhook: Statement = {
  name: 'ingestion.remember_webhook',
  text: `INSERT INTO control.webhook_replays (tenant_id, instance_id, webhook_id, body_sha256) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
};

export const findWebhook: Statement = {
  name: 'ingestion.find_webhook',
  text: 'SELECT body_sha256 FROM control.webhook_replays WHERE tenant_id = $1 AND instance_id = $2 AND webhook_id = $3',
};

/** Twice the window both ways, doubled: after that a replay is refused by its timestamp. */
export const forgetWebhooks: Statement = {
  name: 'ingestion.forget_webhooks',
  text: `DELETE FROM control.webhook_replays WHERE tenant_id = $1 AND seen_at < clock_timestamp() - interval '20 minutes'`,
};

/** Whether this version of the record was made by our own write. */
export const isOurWrite: Statement = {
  name: 'ingestion.is_our_write',
  text: 'SELECT call_id FROM execution.written_versions WHERE tenant_id = $1 AND instance_id = $2 AND dedupe_key = $3',
};

/** No row comes back when the event was delivered before. */
export const insertDelivery: Statement = {
  name: 'ingestion.insert_delivery',
  text: `
    INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label,
                                      dedupe_key, source, payload, traceparent, state, dropped_because, handled_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            CASE WHEN $14::text IS NULL THEN 'accepted' ELSE 'dropped' END, $14, CASE WHEN $14::text IS NULL THEN NULL ELSE clock_timestamp() END)
    ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
    RETURNING id`,
};

export const findDelivery: Statement = {
  name: 'ingestion.find_delivery',
  text: 'SELECT id, dropped_because FROM execution.deliveries WHERE tenant_id = $1 AND instance_id = $2 AND dedupe_key = $3',
};
