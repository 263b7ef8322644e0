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

const shredContents: Statement = {
  name: 'contents.shred',
  text: `
    UPDATE execution.contents c SET sealed = NULL, shredded_at = clock_timestamp()
      FROM (SELECT tenant_id, id FROM execution.contents WHERE shredded_at IS NULL AND expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) old
     WHERE c.tenant_id = old.tenant_id AND c.id = old.id`,
};

/** Takes away what has been kept long enough; digest and size stay. Gives how many. */
export function shredExpired(tx: Transaction, limit: number): Promise<number> {
  return tx.change(shredContents, [limit]);
}

const shredDecisionInputs: Statement = {
  name: 'decisions.shred_inputs',
  text: `
    UPDATE execution.decisions d SET input_sealed = NULL, input_shredded_at = clock_timestamp()
      FROM (SELECT tenant_id, id FROM execution.decisions
             WHERE input_sealed IS NOT NULL AND decided_at <= now() - $2::float8 * interval '1 millisecond' LIMIT $1 FOR UPDATE SKIP LOCKED) old
     WHERE d.tenant_id = old.tenant_id AND d.id = old.id`,
};

/** Takes away the inputs of decisions that are older than `retentionMs`; what was masked stays. Gives how many. */
export function shredInputs(tx: Transaction, limit: number, retentionMs: number): Promise<number> {
  return tx.change(shredDecisionInputs, [limit, retentionMs]);
}

const shredTypedReasons: Statement = {
  name: 'commands.shred_reasons',
  text: `
    WITH commands AS (
      UPDATE execution.commands c SET reason = '(shredded)'
        FROM (SELECT tenant_id, id FROM execution.commands
               WHERE handled_at IS NOT NULL AND reason <> '(shredded)' AND handled_at <= now() - $2::float8 * interval '1 millisecond' LIMIT $1 FOR UPDATE SKIP LOCKED) old
       WHERE c.tenant_id = old.tenant_id AND c.id = old.id RETURNING c.id
    ), jobs AS (
      UPDATE execution.bulk_commands b SET reason = '(shredded)'
        FROM (SELECT j.tenant_id, j.id FROM execution.bulk_commands j
               WHERE j.reason <> '(shredded)' AND j.requested_at <= now() - $2::float8 * interval '1 millisecond'
                 AND NOT EXISTS (SELECT FROM execution.commands c WHERE c.tenant_id = j.tenant_id AND c.bulk_id = j.id AND c.handled_at IS NULL)
               LIMIT $1 FOR UPDATE SKIP LOCKED) old
       WHERE b.tenant_id = old.tenant_id AND b.id = old.id RETURNING b.id
    )
    SELECT greatest((SELECT count(*) FROM commands), (SELECT count(*) FROM jobs))::int AS shredded`,
};

/** Takes away what people typed as the reason of what was carried out longer ago than `retentionMs`; the audit has its digest. Gives how many. */
export async function shredReasons(tx: Transaction, limit: number, retentionMs: number): Promise<number> {
  return (await tx.one<{ shredded: number }>(shredTypedReasons, [limit, retentionMs])).shredded;
}
