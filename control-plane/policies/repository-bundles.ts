import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

/** Where a bundle decides: an environment, and whether it binds there. */
export interface BundlePlace {
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly mode: BundleMode;
}

/** Every environment has a bundle that binds; one that decides beside it only where a shadow release is in force. */
export const listPlaces: Statement = {
  name: 'policies.list_places',
  text: `
    SELECT e.workspace_id, e.id AS environment_id, m.mode
      FROM control.environments e CROSS JOIN (VALUES ('enforce'), ('shadow')) AS m (mode)
     WHERE e.tenant_id = $1
       AND (m.mode = 'enforce' OR EXISTS (SELECT FROM control.policy_releases r WHERE (r.tenant_id, r.environment_id, r.mode) = (e.tenant_id, e.id, m.mode) AND r.state = 'released'))
     ORDER BY e.workspace_id, e.ordinal, m.mode`,
};

/** Releasing and signing in an environment wait for one another: what is signed is what is in force, under the next sequence. */
export const lockEnvironment: Statement = {
  name: 'policies.lock_environment',
  text: 'SELECT id FROM control.environments WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE',
};

export interface BundleRow {
  readonly id: string;
  readonly scope: string;
  readonly seq: string;
  readonly revision: string;
  readonly digest: string;
  readonly object_key: string;
  readonly release_id: string | null;
  readonly signed_at: Date;
  readonly expires_at: Date;
  readonly stale: boolean;
}

const COLUMNS = 'id, scope, seq, revision, digest, object_key, release_id, signed_at, expires_at, expires_at <= clock_timestamp() AS stale';

export const newestBundle: Statement = {
  name: 'policies.newest_bundle',
  text: `SELECT ${COLUMNS} FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 ORDER BY seq DESC LIMIT 1`,
};

/** The newest, unless its release was withdrawn: nothing of a shadow that is ended is given to anybody who does not ask for it by its sequence. */
export const servedBundle: Statement = {
  name: 'policies.served_bundle',
  text: `
    WITH newest AS (SELECT ${COLUMNS} FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 ORDER BY seq DESC LIMIT 1)
    SELECT * FROM newest
     WHERE NOT EXISTS (SELECT FROM control.policy_releases r WHERE r.tenant_id = $1 AND r.id = newest.release_id AND r.state = 'withdrawn')`,
};

export const findBundle: Statement = {
  name: 'policies.find_bundle',
  text: `SELECT ${COLUMNS} FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 AND seq = $3`,
};

export const firstBundleOfRelease: Statement = {
  name: 'policies.first_bundle_of_release',
  text: `SELECT ${COLUMNS} FROM control.policy_bundles WHERE tenant_id = $1 AND scope = $2 AND release_id = $3 ORDER BY seq LIMIT 1`,
};

export const insertBundle: Statement = {
  name: 'policies.insert_bundle',
  text: `INSERT INTO control.policy_bundles (tenant_id, scope, seq, id, release_id, revision, digest, object_key, kid, signed_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

export interface StatusRow extends BundlePlace {
  readonly environment: string;
  readonly workspace: string;
  readonly release_number: number | null;
  readonly packs: string[] | null;
  readonly tenant_version: number | null;
  readonly workspace_version: number | null;
  readonly environment_version: number | null;
}

/** The newest bundle of each environment of a workspace and mode; of mode shadow only while its release is in force. `$3` ends the scope of a shadow. */
export const bundleStatuses: Statement = {
  name: 'policies.bundle_statuses',
  text: `
    SELECT e.id AS environment_id, e.name AS environment, w.id AS workspace_id, w.slug AS workspace, m.mode,
           b.id, b.scope, b.seq, b.revision, b.digest, b.object_key, b.release_id, b.signed_at, b.expires_at, b.expires_at <= clock_timestamp() AS stale,
           r.number AS release_number, r.packs, r.tenant_version, r.workspace_version, r.environment_version
      FROM control.environments e
      JOIN control.workspaces w ON (w.tenant_id, w.id) = (e.tenant_id, e.workspace_id)
     CROSS JOIN (VALUES ('enforce', ''), ('shadow', $3::text)) AS m (mode, ending)
     CROSS JOIN LATERAL (SELECT * FROM control.policy_bundles n WHERE n.tenant_id = e.tenant_id AND n.scope = e.id || m.ending ORDER BY n.seq DESC LIMIT 1) b
      LEFT JOIN control.policy_releases r ON (r.tenant_id, r.id) = (b.tenant_id, b.release_id)
     WHERE e.tenant_id = $1 AND e.workspace_id = $2 AND (m.mode = 'enforce' OR r.state = 'released')
     ORDER BY e.ordinal, m.mode`,
};

export const findPlace: Statement = {
  name: 'policies.find_place',
  text: 'SELECT id AS environment_id, workspace_id FROM control.environments WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3',
};
