import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export type ReplayState = components['schemas']['PolicyReplay']['state'];
export type ReplayReport = components['schemas']['ReplayReport'];

export interface ReplayRow {
  readonly id: string;
  readonly environment_id: string;
  readonly environment: string;
  readonly against: components['schemas']['PolicyReference'];
  readonly stack_digest: string;
  readonly revision: string;
  readonly decided_from: Date;
  readonly decided_to: Date;
  readonly reason: string | null;
  readonly state: ReplayState;
  readonly progress: number;
  readonly total: number | null;
  readonly done: number;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly error: components['schemas']['RunError'] | null;
  readonly report: ReplayReport | null;
  readonly cursor_at: string;
}

const COLUMNS = `p.id, p.environment_id, e.name AS environment, p.against, p.stack_digest, p.revision, p.decided_from, p.decided_to, p.reason, p.state, p.progress, p.total, p.done,
         p.requested_by, p.requested_at, p.started_at, p.finished_at, p.error, to_char(p.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`;
const FROM = 'FROM control.policy_replays p JOIN control.environments e ON (e.tenant_id, e.id) = (p.tenant_id, p.environment_id)';

export const insertReplay: Statement = {
  name: 'replays.insert',
  text: `
    INSERT INTO control.policy_replays (tenant_id, id, workspace_id, environment_id, against, stack_digest, revision, bundle_key, decided_from, decided_to, reason, requested_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
};

export const findReplay: Statement = {
  name: 'replays.find',
  text: `SELECT ${COLUMNS}, p.report ${FROM} WHERE p.tenant_id = $1 AND p.workspace_id = $2 AND p.id = $3`,
};

/** Without the groups of the reports, which are what is long in them. */
export const listReplays: Statement = {
  name: 'replays.list',
  text: `
    SELECT ${COLUMNS}, p.report || '{"groups": []}' AS report ${FROM}
     WHERE p.tenant_id = $1 AND p.workspace_id = $2 AND ($3::text IS NULL OR e.name = $3)
       AND ($4::timestamptz IS NULL OR (p.requested_at, p.id) < ($4, $5))
     ORDER BY p.requested_at DESC, p.id DESC LIMIT $6`,
};

/** Whether there is one that waits or was left lying. */
export const hasOpenReplay: Statement = {
  name: 'replays.has_open',
  text: `SELECT EXISTS (SELECT FROM control.policy_replays WHERE tenant_id = $1 AND (state = 'queued' OR state = 'running' AND lease_until <= clock_timestamp())) AS is_open`,
};

/** 0 rows where it has ended already. Whoever works on it finds out with its next write. */
export const cancelReplay: Statement = {
  name: 'replays.cancel',
  text: `UPDATE control.policy_replays SET state = 'cancelled', finished_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state IN ('queued', 'running')`,
};

export const deleteChanges: Statement = {
  name: 'replays.delete_changes',
  text: 'DELETE FROM control.policy_replay_changes WHERE tenant_id = $1 AND replay_id = $2',
};
