import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const EFFECT_UNKNOWN = `EXISTS (SELECT FROM execution.tool_calls c
             WHERE c.tenant_id = s.tenant_id AND c.run_id = s.run_id AND c.step_id = s.id AND c.risk IN ('write', 'destructive') AND c.state IN ('intended', 'uncertain'))`;

const expiredLeases: Statement = {
  name: 'steps.expired_leases',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id, s.fence::text AS fence, ${EFFECT_UNKNOWN} AS effect_unknown
      FROM execution.steps s
     WHERE s.state = 'leased' AND s.lease_expires_at <= clock_timestamp()
       -- the reconciler takes its own over
       AND s.uses <> 'system/reconcile'
     ORDER BY s.lease_expires_at LIMIT $1`,
};

const ownLeases: Statement = {
  name: 'steps.own_leases',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id, s.fence::text AS fence, ${EFFECT_UNKNOWN} AS effect_unknown
      FROM execution.steps s
     WHERE s.state = 'leased' AND s.lease_owner = $1 AND s.lease_expires_at > clock_timestamp() AND s.uses <> 'system/reconcile'`,
};

const endLeasesOf: Statement = {
  name: 'steps.end_leases_of',
  text: `UPDATE execution.steps SET lease_expires_at = clock_timestamp() WHERE state = 'leased' AND lease_owner = $1 AND lease_expires_at > clock_timestamp()`,
};

/** Ends the leases of `worker` now; the sweeper then takes their steps over as from any worker that is gone. Gives how many. */
export function endLeases(tx: Transaction, worker: string): Promise<number> {
  return tx.change(endLeasesOf, [worker]);
}

export interface AbandonedRow { readonly tenant_id: string; readonly run_id: string; readonly step_id: string; readonly fence: string; readonly effect_unknown: boolean }

export function findExpiredLeases(tx: Transaction, limit: number): Promise<AbandonedRow[]> {
  return tx.rows<AbandonedRow>(expiredLeases, [limit]);
}

/** What `worker` still holds: given back when it stops. */
export function findOwnLeases(tx: Transaction, worker: string): Promise<AbandonedRow[]> {
  return tx.rows<AbandonedRow>(ownLeases, [worker]);
}

const letGo: Statement = {
  name: 'steps.let_go',
  text: `
    SELECT s.tenant_id, s.run_id, s.id AS step_id
      FROM execution.steps s JOIN execution.runs r ON r.tenant_id = s.tenant_id AND r.id = s.run_id
     WHERE s.state = 'retrying' AND s.error->>'code' = 'stopped_by_kill_switch'
       AND NOT control.is_stopped(r.tenant_id, r.workspace_id, r.environment_id, r.id)
     ORDER BY s.available_at LIMIT $1`,
};

/** Steps that a kill switch stopped, and that none stops any more. */
export function findLetGo(tx: Transaction, limit: number): Promise<Array<Pick<AbandonedRow, 'tenant_id' | 'run_id' | 'step_id'>>> {
  return tx.rows(letGo, [limit]);
}
