import type { ActiveKillSwitch } from '@countersign/contracts/policy/decision.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export type KillSwitchScope = ActiveKillSwitch['scope'];

export interface KillSwitchRow {
  readonly id: string;
  readonly scope: KillSwitchScope;
  readonly target_id: string;
  readonly target_name: string | null;
  readonly reason: string;
  readonly set_by: string;
  readonly set_at: Date;
  readonly released_by: string | null;
  readonly release_reason: string | null;
  readonly released_at: Date | null;
}

/** Of the whole tenant, and of what is in the workspace `$2`. */
const KILL_SWITCH = `
  SELECT k.id, k.scope, k.target_id, coalesce(t.name, w.name, e.name, f.name) AS target_name, k.reason, k.set_by, k.set_at, k.released_by, k.release_reason, k.released_at
    FROM control.kill_switches k
    LEFT JOIN control.tenants t ON k.scope = 'tenant' AND t.tenant_id = k.tenant_id
    LEFT JOIN control.workspaces w ON k.scope = 'workspace' AND (w.tenant_id, w.id) = (k.tenant_id, k.target_id)
    LEFT JOIN control.environments e ON k.scope = 'environment' AND (e.tenant_id, e.id) = (k.tenant_id, k.target_id)
    LEFT JOIN control.workflows f ON k.scope = 'workflow' AND (f.tenant_id, f.id) = (k.tenant_id, k.target_id)
   WHERE k.tenant_id = $1 AND (k.scope = 'tenant' OR $2 IN (w.id, e.workspace_id, f.workspace_id))`;

export const listKillSwitches: Statement = {
  name: 'kill_switches.list',
  text: `${KILL_SWITCH} AND ($3::boolean IS NULL OR (k.released_at IS NULL) = $3)
   ORDER BY k.released_at DESC NULLS FIRST, k.set_at DESC LIMIT 200`,
};

export const findKillSwitch: Statement = {
  name: 'kill_switches.find',
  text: `${KILL_SWITCH} AND k.id = $3`,
};

/** No row where there is no such thing in the workspace. */
export const findTarget: Statement = {
  name: 'kill_switches.find_target',
  text: `
    SELECT id FROM (
      SELECT 'tenant' AS scope, tenant_id AS id FROM control.tenants WHERE tenant_id = $1
      UNION ALL SELECT 'workspace', id FROM control.workspaces WHERE tenant_id = $1 AND id = $2
      UNION ALL SELECT 'environment', id FROM control.environments WHERE tenant_id = $1 AND workspace_id = $2
      UNION ALL SELECT 'workflow', id FROM control.workflows WHERE tenant_id = $1 AND workspace_id = $2) AS targets
     WHERE scope = $3 AND id = $4`,
};

/** The second of two at once breaks one_active_kill_switch. */
export const insertKillSwitch: Statement = {
  name: 'kill_switches.insert',
  text: 'INSERT INTO control.kill_switches (tenant_id, id, scope, target_id, reason, set_by) VALUES ($1, $2, $3, $4, $5, $6)',
};

/** 0 rows where somebody was faster. */
export const releaseKillSwitch: Statement = {
  name: 'kill_switches.release',
  text: `UPDATE control.kill_switches SET released_by = $3, release_reason = $4, released_at = clock_timestamp()
          WHERE tenant_id = $1 AND id = $2 AND released_at IS NULL`,
};
