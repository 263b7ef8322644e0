import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { PolicyReleaseState } from '@countersign/contracts/states/transitions.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface ReleaseRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly environment: string;
  readonly mode: BundleMode;
  readonly number: number;
  readonly kind: 'release' | 'promote' | 'rollback';
  readonly layer: string | null;
  readonly version: number | null;
  readonly from_release_id: string | null;
  readonly on_release_id: string | null;
  readonly packs: string[];
  readonly tenant_version: number | null;
  readonly workspace_version: number | null;
  readonly environment_version: number | null;
  readonly stack_digest: string;
  readonly parts_key: string;
  readonly diff_key: string;
  readonly state: PolicyReleaseState;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly replay_id: string | null;
  readonly gate: components['schemas']['PolicyGateReport'] | null;
  readonly overridden_by: string | null;
  readonly override_reason: string | null;
  readonly released_at: Date | null;
  readonly ended_by: string | null;
  readonly ended_at: Date | null;
  readonly withdraw_reason: string | null;
}

const COLUMNS = `r.id, r.workspace_id, r.environment_id, e.name AS environment, r.mode, r.number, r.kind, r.layer, r.version, r.from_release_id, r.on_release_id,
  r.packs, r.tenant_version, r.workspace_version, r.environment_version, r.stack_digest, r.parts_key, r.diff_key, r.state, r.reason, r.requested_by, r.requested_at,
  r.replay_id, r.gate, r.overridden_by, r.override_reason, r.released_at, r.ended_by, r.ended_at, r.withdraw_reason`;
const FROM = 'control.policy_releases r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)';

/** What is in force in an environment and mode. */
export const releaseInForce: Statement = {
  name: 'policies.release_in_force',
  text: `SELECT ${COLUMNS} FROM ${FROM} WHERE r.tenant_id = $1 AND r.environment_id = $2 AND r.mode = $3 AND r.state = 'released'`,
};

export const findRelease: Statement = {
  name: 'policies.find_release',
  text: `SELECT ${COLUMNS} FROM ${FROM} WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.id = $3`,
};

/** In force or waiting for an override, in every environment of a workspace. */
export const openReleases: Statement = {
  name: 'policies.open_releases',
  text: `SELECT ${COLUMNS} FROM ${FROM} WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.state IN ('released', 'blocked') ORDER BY r.requested_at DESC, r.id DESC`,
};

export const listReleases: Statement = {
  name: 'policies.list_releases',
  text: `
    SELECT ${COLUMNS}, to_char(r.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
      FROM ${FROM}
     WHERE r.tenant_id = $1 AND r.workspace_id = $2
       AND ($3::text IS NULL OR r.environment_id = $3) AND ($4::text IS NULL OR r.mode = $4) AND ($5::text[] IS NULL OR r.state = ANY ($5))
       AND ($6::timestamptz IS NULL OR (r.requested_at, r.id) < ($6::timestamptz, $7))
     ORDER BY r.requested_at DESC, r.id DESC LIMIT $8`,
};

/** Whether an environment ever ran a version of the tenant's (`$3` = tenant) or the workspace's layer. */
export const hasRun: Statement = {
  name: 'policies.has_run',
  text: `
    SELECT EXISTS (SELECT FROM control.policy_releases
                    WHERE tenant_id = $1 AND environment_id = $2 AND mode = 'enforce' AND state IN ('released', 'superseded')
                      AND CASE $3 WHEN 'tenant' THEN tenant_version ELSE workspace_version END = $4) AS has_run`,
};

/** The next number of the environment and mode: the environment is locked. */
export const insertRelease: Statement = {
  name: 'policies.insert_release',
  text: `
    INSERT INTO control.policy_releases (tenant_id, id, workspace_id, environment_id, mode, number, kind, layer, version, from_release_id, on_release_id,
      packs, tenant_version, workspace_version, environment_version, stack_digest, parts_key, diff_key, state, reason, requested_by, requested_at, replay_id, gate, released_at)
    SELECT $1, $2, $3, $4, $5, coalesce((SELECT max(n.number) FROM control.policy_releases n WHERE n.tenant_id = $1 AND n.environment_id = $4 AND n.mode = $5), 0) + 1,
      $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21::timestamptz, $22, $23, CASE $18::text WHEN 'released' THEN $21::timestamptz END`,
};

export const supersede: Statement = {
  name: 'policies.supersede',
  text: `UPDATE control.policy_releases SET state = 'superseded', ended_by = $4, ended_at = $5 WHERE tenant_id = $1 AND environment_id = $2 AND mode = $3 AND state = 'released'`,
};

/** Nothing where it is not blocked any more. */
export const releaseBlocked: Statement = {
  name: 'policies.release_blocked',
  text: `UPDATE control.policy_releases SET state = 'released', overridden_by = $3, override_reason = $4, released_at = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'blocked'`,
};

export const withdraw: Statement = {
  name: 'policies.withdraw',
  text: `
    UPDATE control.policy_releases SET state = 'withdrawn', ended_by = $3, withdraw_reason = $4, ended_at = $5
     WHERE tenant_id = $1 AND id = $2 AND (state = 'blocked' OR state = 'released' AND mode = 'shadow')`,
};

/** Decision points that look for a bundle of an ended shadow release find none that is good any more. */
export const endBundles: Statement = {
  name: 'policies.end_bundles',
  text: 'UPDATE control.policy_bundles SET expires_at = $3 WHERE tenant_id = $1 AND release_id = $2 AND expires_at > $3',
};
