import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';

export interface ManifestRow {
  readonly connector: string;
  readonly manifest: ConnectorManifest;
  readonly manifest_digest: string;
}

/** The newest published manifest of each connector. */
export const newestManifests: Statement = {
  name: 'workflows.newest_manifests',
  text: `
    SELECT DISTINCT ON (connector) connector, manifest, manifest_digest
      FROM control.connector_versions WHERE tenant_id = $1
     ORDER BY connector, published_at DESC, version DESC`,
};

export interface StartedRow {
  readonly name: string;
  readonly starts: string[];
}

/** Every workflow of the workspace, with those that its newest version, or one that is active somewhere, starts. */
export const startedByWorkflows: Statement = {
  name: 'workflows.started_by',
  text: `
    SELECT w.name, coalesce(array_agg(DISTINCT substr(u.uses #>> '{}', length('workflow/') + 1)) FILTER (WHERE u.uses #>> '{}' LIKE 'workflow/%'), '{}') AS starts
      FROM control.workflows w
      JOIN control.workflow_versions v ON (v.tenant_id, v.workflow_id) = (w.tenant_id, w.id)
       AND (v.version = (SELECT max(n.version) FROM control.workflow_versions n WHERE (n.tenant_id, n.workflow_id) = (w.tenant_id, w.id))
            OR EXISTS (SELECT FROM control.workflow_activations a WHERE (a.tenant_id, a.workflow_id, a.version) = (v.tenant_id, v.workflow_id, v.version)))
      LEFT JOIN LATERAL (SELECT * FROM jsonb_path_query(v.definition, '$.steps[*].uses') UNION ALL SELECT * FROM jsonb_path_query(v.definition, '$.steps[*].steps[*].uses')) AS u(uses) ON true
     WHERE w.tenant_id = $1 AND w.workspace_id = $2
     GROUP BY w.name`,
};

/** Of every environment of the workspace. */
export const poolNames: Statement = {
  name: 'workflows.pool_names',
  text: 'SELECT DISTINCT name FROM control.agent_pools WHERE tenant_id = $1 AND workspace_id = $2',
};

/** Gives the id of the workflow with this name, making it where there is none; the row stays locked, so that versions count without gaps. */
export const insertWorkflow: Statement = {
  name: 'workflows.insert',
  text: `INSERT INTO control.workflows (tenant_id, id, workspace_id, name) VALUES ($1, $2, $3, $4)
         ON CONFLICT ON CONSTRAINT workflow_name_is_unique_in_its_workspace DO NOTHING`,
};

export const lockWorkflow: Statement = {
  name: 'workflows.lock',
  text: 'SELECT id FROM control.workflows WHERE tenant_id = $1 AND workspace_id = $2 AND name = $3 FOR UPDATE',
};

export interface VersionRow {
  readonly workflow_id: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly source: string;
  readonly published_at: Date;
  readonly published_by: string;
}

export const findVersionByDigest: Statement = {
  name: 'workflows.find_version_by_digest',
  text: `
    SELECT v.workflow_id, w.name, v.version, v.digest, v.source, v.published_at, v.published_by
      FROM control.workflow_versions v JOIN control.workflows w ON (w.tenant_id, w.id) = (v.tenant_id, v.workflow_id)
     WHERE v.tenant_id = $1 AND v.workflow_id = $2 AND v.digest = $3`,
};

export const findVersion: Statement = {
  name: 'workflows.find_version',
  text: `
    SELECT v.workflow_id, w.name, v.version, v.digest, v.source, v.published_at, v.published_by
      FROM control.workflow_versions v JOIN control.workflows w ON (w.tenant_id, w.id) = (v.tenant_id, v.workflow_id)
     WHERE v.tenant_id = $1 AND w.workspace_id = $2 AND v.workflow_id = $3 AND v.version = $4`,
};

export const insertVersion: Statement = {
  name: 'workflows.insert_version',
  text: `
    INSERT INTO control.workflow_versions (tenant_id, workflow_id, version, digest, source, definition, published_by)
    SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6 FROM control.workflow_versions WHERE tenant_id = $1 AND workflow_id = $2
    RETURNING version, published_at`,
};

export interface WorkflowRow {
  readonly id: string;
  readonly name: string;
  readonly latest_version: number;
  readonly activations: Array<{ environment: string; version: number; enabled: boolean }>;
}

export const listWorkflows: Statement = {
  name: 'workflows.list',
  text: `
    SELECT w.id, w.name,
           (SELECT max(v.version) FROM control.workflow_versions v WHERE (v.tenant_id, v.workflow_id) = (w.tenant_id, w.id)) AS latest_version,
           coalesce((SELECT jsonb_agg(jsonb_build_object('environment', e.name, 'version', a.version, 'enabled', a.enabled) ORDER BY e.ordinal)
                       FROM control.workflow_activations a JOIN control.environments e ON (e.tenant_id, e.id) = (a.tenant_id, a.environment_id)
                      WHERE (a.tenant_id, a.workflow_id) = (w.tenant_id, w.id)), '[]') AS activations
      FROM control.workflows w
     WHERE w.tenant_id = $1 AND w.workspace_id = $2
     ORDER BY w.name`,
};

export const findWorkflow: Statement = {
  name: 'workflows.find',
  text: 'SELECT id FROM control.workflows WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3',
};

export const activate: Statement = {
  name: 'workflows.activate',
  text: `
    INSERT INTO control.workflow_activations (tenant_id, workflow_id, environment_id, version, enabled, activated_by)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT workflow_activations_pk DO UPDATE
      SET version = excluded.version, enabled = excluded.enabled, activated_by = excluded.activated_by, activated_at = clock_timestamp()`,
};

export const findEnvironment: Statement = {
  name: 'workflows.find_environment',
  text: 'SELECT id FROM control.environments WHERE tenant_id = $1 AND workspace_id = $2 AND name = $3',
};
