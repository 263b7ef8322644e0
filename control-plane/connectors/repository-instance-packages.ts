import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

/** What workers report of one connector that they have loaded. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
  /** A manifest without code, which there is nothing to sign of. */
  readonly declared?: boolean;
}

/** The connectors of the worker that started last: while a new release rolls out, what is about to be everywhere. */
export const installedPackages: Statement = {
  name: 'packages.installed',
  text: `
    SELECT connectors FROM execution.workers WHERE heartbeat_at > clock_timestamp() - interval '60 seconds' AND connectors <> '[]'
     ORDER BY started_at DESC, id LIMIT 1`,
};

/** The newest manifest of each connector that was published without code. */
export const newestManifests: Statement = {
  name: 'packages.newest_manifests',
  text: `
    SELECT DISTINCT ON (connector) connector, version, manifest_digest, package_digest, manifest FROM control.connector_versions
     WHERE tenant_id = $1 AND connector = ANY ($2::text[]) AND package_digest IS NULL
     ORDER BY connector, published_at DESC, version DESC`,
};

export interface InstancePins {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly connector_version: string;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
}

export const lockInstance: Statement = {
  name: 'packages.lock_instance',
  text: `SELECT id, name, connector, connector_version, manifest_digest, package_digest FROM control.connector_instances
          WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3 FOR UPDATE`,
};

export const pinPackage: Statement = {
  name: 'packages.pin',
  text: 'UPDATE control.connector_instances SET connector_version = $3, manifest_digest = $4, package_digest = $5 WHERE tenant_id = $1 AND id = $2',
};

export interface PublishedManifest {
  readonly connector: string;
  readonly version: string;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
  readonly manifest: ConnectorManifest;
}

/** Of the connectors named, the versions named and the newest, newest first: `$2` and `$3` are lists of the same length. */
export const publishedManifests: Statement = {
  name: 'packages.published_manifests',
  text: `
    SELECT v.connector, v.version, v.manifest_digest, v.package_digest, v.manifest
      FROM control.connector_versions v
     WHERE v.tenant_id = $1
       AND ((v.connector, v.version) IN (SELECT * FROM unnest($2::text[], $3::text[]))
            OR v.connector = ANY ($2::text[])
               AND v.published_at = (SELECT max(n.published_at) FROM control.connector_versions n WHERE (n.tenant_id, n.connector) = (v.tenant_id, v.connector)))
     ORDER BY v.published_at DESC, v.version DESC`,
};
