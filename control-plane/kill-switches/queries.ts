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
  readonly recovery: readonly RecoveryStage[] | null;
  readonly recovery_stage: number | null;
  readonly stage_began_at: Date | null;
  readonly share: number | null;
  readonly recovered_at: Date | null;
}

/** For so long, this part of the runs goes on. */
export interface RecoveryStage {
  readonly share: number;
  readonly for_ms: number;
}

/** Of the whole tenant, and of what is in the workspace `$2`. */
const KILL_SWITCH = `
  SELECT k.id, k.scope, k.target_id, coalesce(t.name, w.name, e.name, f.name) AS target_name, k.reason, k.set_by, k.set_at, k.released_by, k.release_reason, k.released_at,
         k.recovery, k.recovery_stage, k.stage_began_at, k.share, k.recovered_at
    FROM control.kill_switches k
    LEFT JOIN control.tenants t ON k.scope = 'tenant' AND t.tenant_id = k.tenant_id
    LEFT JOIN control.workspaces w ON k.scope = 'workspace' AND (w.tenant_id, w.id) = (k.tenant_id, k.target_id)
    LEFT JOIN control.environments e ON k.scope = 'environment' AND (e.tenant_id, e.id) = (k.tenant_id, k.target_id)
    LEFT JOIN control.workflows f ON k.scope = 'workflow' AND (f.tenant_id, f.id) = (k.tenant_id, k.target_id)
   WHERE k.tenant_id = $1 AND (k.scope = 'tenant' OR $2 IN (w.id, e.workspace_id, f.workspace_id))`;

export const listKillSwitches: Statement = {
  name: 'kill_switches.list',
  text: `${KILL_SWITCH} AND ($3::boolean IS NULL OR (k.recovered_at IS NULL) = $3)
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

/** 0 rows where somebody was faster. `$5`: the stages as JSON, or null to let everything go at once. */
export const releaseKillSwitch: Statement = {
  name: 'kill_switches.release',
  text: `
    UPDATE control.kill_switches
       SET released_by = $3, release_reason = $4, released_at = clock_timestamp(), recovery = $5::jsonb, released_in = $6,
           recovery_stage = CASE WHEN $5::jsonb IS NOT NULL THEN 0 END, stage_began_at = CASE WHEN $5::jsonb IS NOT NULL THEN clock_timestamp() END,
           share = ($5::jsonb->0->>'share')::float8, recovered_at = CASE WHEN $5::jsonb IS NULL THEN clock_timestamp() END
     WHERE tenant_id = $1 AND id = $2 AND released_at IS NULL`,
};

/** A target that is stopped again does not go on recovering from the time before. */
export const endRecoveries: Statement = {
  name: 'kill_switches.end_recoveries',
  text: `
    UPDATE control.kill_switches SET recovery_stage = NULL, stage_began_at = NULL, share = NULL, recovered_at = clock_timestamp()
     WHERE tenant_id = $1 AND scope = $2 AND target_id = $3 AND released_at IS NOT NULL AND recovered_at IS NULL RETURNING id`,
};

export interface StageRow {
  readonly id: string;
  readonly scope: KillSwitchScope;
  readonly target_id: string;
  /** The workspace in which it was released. */
  readonly released_in: string;
  /** Null: it has recovered. */
  readonly recovery_stage: number | null;
  readonly share: number | null;
}

/** Begins the next stage of the switches whose stage is over, or ends their recovery after the last. Two control planes do not both. */
export const advanceStages: Statement = {
  name: 'kill_switches.advance_stages',
  text: `
    WITH due AS (
      SELECT tenant_id, id, recovery_stage + 1 AS next, jsonb_array_length(recovery) AS stages FROM control.kill_switches
       WHERE tenant_id = $1 AND recovered_at IS NULL AND recovery_stage IS NOT NULL
         AND stage_began_at + (recovery->recovery_stage->>'for_ms')::float8 * interval '1 millisecond' <= clock_timestamp()
         FOR UPDATE SKIP LOCKED)
    UPDATE control.kill_switches k
       SET recovery_stage = CASE WHEN due.next < due.stages THEN due.next END, stage_began_at = CASE WHEN due.next < due.stages THEN clock_timestamp() END,
           share = CASE WHEN due.next < due.stages THEN (k.recovery->due.next->>'share')::float8 END,
           recovered_at = CASE WHEN due.next >= due.stages THEN clock_timestamp() END
      FROM due WHERE (k.tenant_id, k.id) = (due.tenant_id, due.id)
    RETURNING k.id, k.scope, k.target_id, k.released_in, k.recovery_stage, k.share`,
};

/** The clock of an approval whose run is stopped stands. */
export const freezeClocks: Statement = {
  name: 'kill_switches.freeze_clocks',
  text: `
    UPDATE control.approvals a SET frozen_since = clock_timestamp()
     WHERE a.tenant_id = $1 AND a.state IN ('pending', 'approved') AND a.frozen_since IS NULL
       AND EXISTS (SELECT FROM control.kill_switches k WHERE k.tenant_id = $1 AND k.recovered_at IS NULL)
       AND control.is_stopped(a.tenant_id, a.workspace_id, a.environment_id, a.run_id)
    RETURNING a.id, a.workspace_id, a.state`,
};

/** It goes on when nothing stops the run any more, with as much time left as there was. */
export const thawClocks: Statement = {
  name: 'kill_switches.thaw_clocks',
  text: `
    UPDATE control.approvals a SET expires_at = a.expires_at + (clock_timestamp() - a.frozen_since), frozen_since = NULL
     WHERE a.tenant_id = $1 AND a.frozen_since IS NOT NULL AND NOT control.is_stopped(a.tenant_id, a.workspace_id, a.environment_id, a.run_id)
    RETURNING a.id, a.workspace_id, a.state`,
};
