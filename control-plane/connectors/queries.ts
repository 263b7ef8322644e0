import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';

export interface ConnectorVersionRow {
  readonly connector: string;
  readonly version: string;
  readonly manifest_digest: string;
  readonly published_at: Date;
  /** Null where only the manifest was published. */
  readonly package_digest: string | null;
  readonly publisher_kid: string | null;
}

export const insertConnectorVersion: Statement = {
  name: 'connectors.insert_version',
  text: `INSERT INTO control.connector_versions (tenant_id, connector, version, manifest_digest, manifest, published_by)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
};

export const completeConnectorVersion: Statement = {
  name: 'connectors.complete_version',
  text: `UPDATE control.connector_versions SET package_digest = $5, package_files = $6, signature = $7, publisher_kid = $8
          WHERE tenant_id = $1 AND connector = $2 AND version = $3 AND manifest_digest = $4 AND package_digest IS NULL`,
};

export const findConnectorVersion: Statement = {
  name: 'connectors.find_version',
  text: 'SELECT connector, version, manifest_digest, package_digest, publisher_kid, published_at, manifest FROM control.connector_versions WHERE tenant_id = $1 AND connector = $2 AND version = $3',
};

export interface ConnectorVersionWithManifest extends ConnectorVersionRow {
  readonly manifest: ConnectorManifest;
}

export const listConnectorVersions: Statement = {
  name: 'connectors.list_versions',
  text: `SELECT connector, version, manifest_digest, package_digest, publisher_kid, published_at FROM control.connector_versions WHERE tenant_id = $1
         ORDER BY connector, published_at DESC, version DESC`,
};

/** Of the workspace $3, or nobody's in particular. */
export const findCredentialKind: Statement = {
  name: 'connectors.find_credential_kind',
  text: 'SELECT kind FROM control.credentials WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL AND (workspace_id IS NULL OR workspace_id = $3) FOR SHARE',
};

export const insertInstanceDirectory: Statement = {
  name: 'connectors.insert_instance_directory',
  text: 'INSERT INTO control.instance_directory (instance_id, tenant_id) VALUES ($1, $2)',
};

export const insertInstance: Statement = {
  name: 'connectors.insert_instance',
  text: `
    INSERT INTO control.connector_instances (tenant_id, id, workspace_id, environment_id, connector, connector_version, manifest_digest, name,
                                             base_url, allowed_hosts, settings, credential_id, webhook_credential_id, shared_secret_credential_id,
                                             connection, package_digest, pool_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
};

export interface HealthColumns {
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly last_failure_code: string | null;
  readonly probe_at: Date | null;
  readonly blocked_until: Date | null;
  /** Null: no window is open. */
  readonly window_limit: number | null;
  readonly window_count: number | null;
  readonly window_ends_at: Date | null;
  readonly window_source: 'manifest' | 'peer' | null;
}

export interface InstanceListRow extends HealthColumns {
  readonly id: string;
  readonly connector: string;
  readonly connector_version: string;
  readonly name: string;
  readonly environment: string;
  readonly base_url: string | null;
  readonly allowed_hosts: string[];
  readonly settings: Record<string, never>;
  readonly enabled: boolean;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
  /** Whose agents alone reach it. */
  readonly pool: { readonly id: string; readonly name: string } | null;
}

export const listInstances: Statement = {
  name: 'connectors.list_instances',
  text: `
    SELECT i.id, i.connector, i.connector_version, i.name, e.name AS environment, i.base_url, i.allowed_hosts, i.settings, i.enabled,
           i.manifest_digest, i.package_digest, CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('id', o.id, 'name', o.name) END AS pool,
           coalesce(h.circuit, 'closed') AS circuit, h.last_failure_code, CASE WHEN h.circuit <> 'closed' THEN h.probe_at END AS probe_at,
           CASE WHEN h.blocked_until > clock_timestamp() THEN h.blocked_until END AS blocked_until,
           CASE WHEN h.window_ends_at > clock_timestamp() THEN h.window_limit END AS window_limit, h.window_count, h.window_ends_at, h.window_source
      FROM control.connector_instances i JOIN control.environments e ON (e.tenant_id, e.id) = (i.tenant_id, i.environment_id)
      LEFT JOIN execution.instance_health h ON (h.tenant_id, h.instance_id) = (i.tenant_id, i.id)
      LEFT JOIN control.agent_pools o ON (o.tenant_id, o.id) = (i.tenant_id, i.pool_id)
     WHERE i.tenant_id = $1 AND i.workspace_id = $2 AND ($3::text IS NULL OR i.id = $3)
     ORDER BY e.ordinal, i.name`,
};
