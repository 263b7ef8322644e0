import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditStep, auditValues } from '../audit/events.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { WaitingRun } from './decide-admissions.ts';
import type { Gate } from './limit-keys.ts';

/** So many keys are looked at in one transaction. */
export const KEYS_AT_ONCE = 64;

/** As the partial index `runs_to_admit` has it. */
const WAITS = `r.admitted_at IS NULL AND r.state IN ('queued', 'running', 'waiting')`;
const GATE = 'r.tenant_id = $1 AND r.environment_id = $2 AND r.workflow_id = $3';
/** As the partial index `runs_under_way_by_key` has it. */
const UNDER_WAY = `u.concurrency_key <> '' AND u.admitted_at IS NOT NULL AND u.state NOT IN ('succeeded', 'failed', 'cancelled')`;

const lock: Statement = {
  name: 'admissions.lock',
  text: `SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'admission', $1::text, $2::text, $3::text), 0)) AS locked`,
};

/** Until the transaction ends nobody else counts the runs of this workflow here: what is counted after it holds everything that was admitted before. */
export async function lockGate(tx: Transaction, gate: Gate): Promise<void> {
  await tx.rows(lock, gateValues(gate));
}

/** The gates at which somebody waits: the index is skipped through. */
const waitingGates: Statement = {
  name: 'admissions.gates',
  text: `
    WITH RECURSIVE gate AS (
      (SELECT r.tenant_id, r.environment_id, r.workflow_id FROM execution.runs r WHERE ${WAITS} ORDER BY 1, 2, 3 LIMIT 1)
      UNION ALL
      SELECT next.* FROM gate g CROSS JOIN LATERAL (
        SELECT n.* FROM (
          (SELECT r.tenant_id, r.environment_id, r.workflow_id FROM execution.runs r
            WHERE ${WAITS} AND r.tenant_id = g.tenant_id AND r.environment_id = g.environment_id AND r.workflow_id > g.workflow_id ORDER BY 1, 2, 3 LIMIT 1)
          UNION ALL
          (SELECT r.tenant_id, r.environment_id, r.workflow_id FROM execution.runs r
            WHERE ${WAITS} AND r.tenant_id = g.tenant_id AND r.environment_id > g.environment_id ORDER BY 1, 2, 3 LIMIT 1)
          UNION ALL
          (SELECT r.tenant_id, r.environment_id, r.workflow_id FROM execution.runs r WHERE ${WAITS} AND r.tenant_id > g.tenant_id ORDER BY 1, 2, 3 LIMIT 1)) n
         ORDER BY 1, 2, 3 LIMIT 1) next
    )
    SELECT * FROM gate LIMIT 1000`,
};

export function findWaitingGates(tx: Transaction): Promise<Gate[]> {
  return tx.rows<Gate>(waitingGates);
}

const waitingRuns: Statement = {
  name: 'admissions.waiting',
  text: `
    WITH RECURSIVE next_key AS (
      (SELECT r.concurrency_key FROM execution.runs r WHERE ${WAITS} AND ${GATE} AND r.concurrency_key > $4 ORDER BY r.concurrency_key LIMIT 1)
      UNION ALL
      SELECT n.* FROM next_key k CROSS JOIN LATERAL (
        SELECT r.concurrency_key FROM execution.runs r WHERE ${WAITS} AND ${GATE} AND r.concurrency_key > k.concurrency_key ORDER BY r.concurrency_key LIMIT 1) n
    ), looked_at AS (
      -- those that are named; else all, and runs without a limit of concurrency too
      SELECT unnest($6::text[]) AS concurrency_key
      UNION ALL SELECT '' WHERE $4 = '' AND $6 IS NULL
      UNION ALL (SELECT * FROM next_key WHERE $6 IS NULL LIMIT ${KEYS_AT_ONCE})
    )
    SELECT w.*, u.under_way, (SELECT max(concurrency_key) FROM looked_at) AS last_key, (SELECT count(*)::int FROM looked_at) AS keys
      FROM looked_at k
      CROSS JOIN LATERAL (SELECT count(*)::int AS under_way FROM execution.runs u WHERE u.tenant_id = $1 AND u.concurrency_key = k.concurrency_key AND ${UNDER_WAY}) u
      CROSS JOIN LATERAL (
        SELECT r.id, r.workspace_id, r.concurrency_key, r.rate_key, r.priority, r.created_at, r.definition->'concurrency' AS concurrency, r.definition->'rate' AS rate
          FROM execution.runs r WHERE ${WAITS} AND ${GATE} AND r.concurrency_key = k.concurrency_key
         ORDER BY r.priority, r.created_at, r.id LIMIT $5
           FOR NO KEY UPDATE SKIP LOCKED) w
     ORDER BY w.priority, w.created_at, w.id`,
};


export interface WaitingRow extends WaitingRun {
  readonly under_way: number;
  readonly last_key: string;
  readonly keys: number;
}

/** Of which keys: the first behind one, or those that are named. */
export type KeyRange = { readonly after: string } | { readonly only: readonly string[] };

/** The first `each` that wait under each of the keys, locked. */
export function lockWaiting(tx: Transaction, gate: Gate, keys: KeyRange, each: number): Promise<WaitingRow[]> {
  return tx.rows<WaitingRow>(waitingRuns, [...gateValues(gate), 'after' in keys ? keys.after : '', each, 'only' in keys ? keys.only : null]);
}

const begun: Statement = {
  name: 'admissions.begun',
  text: `
    SELECT k.rate_key, b.begun
      FROM unnest($2::text[], $3::float8[]) AS k(rate_key, per_ms)
      CROSS JOIN LATERAL (SELECT count(*)::int AS begun FROM execution.runs r
                           WHERE r.tenant_id = $1 AND r.rate_key = k.rate_key AND r.rate_key <> '' AND r.admitted_at > clock_timestamp() - k.per_ms * interval '1 millisecond') b`,
};

/** By rate key, how many were admitted within its stretch of time. Two versions with different stretches count by the longer one. */
export async function countBegun(tx: Transaction, { tenant_id }: Gate, waiting: readonly WaitingRun[]): Promise<Map<string, number>> {
  const stretches = new Map<string, number>();
  for (const { rate, rate_key } of waiting) if (rate !== null) stretches.set(rate_key, Math.max(rate.per_ms, stretches.get(rate_key) ?? 0));
  if (stretches.size === 0) return new Map();
  const rows = await tx.rows<{ rate_key: string; begun: number }>(begun, [tenant_id, [...stretches.keys()], [...stretches.values()]]);
  return new Map(rows.map((row) => [row.rate_key, row.begun]));
}

const admit: Statement = {
  name: 'admissions.admit',
  text: `
    WITH admitted AS (
      UPDATE execution.runs SET admitted_at = clock_timestamp() WHERE tenant_id = $1 AND id = ANY ($2::text[]) AND admitted_at IS NULL
    ), released AS (
      -- it waits for a worker from now on
      UPDATE execution.steps SET held = false, available_at = greatest(available_at, clock_timestamp()) WHERE tenant_id = $1 AND run_id = ANY ($2::text[]) AND held
    ), ${auditStep(3)}
    SELECT events FROM audited`,
};

export async function admitRuns(tx: Transaction, tenantId: string, ids: readonly string[], events: readonly NewAuditEvent[], at: Date): Promise<void> {
  await tx.rows(admit, [tenantId, ids, ...auditValues(events, at)]);
}

const countOfKeys: Statement = {
  name: 'admissions.count_of_keys',
  text: `
    SELECT k.key, (SELECT count(*)::int FROM execution.runs u WHERE u.tenant_id = $1 AND u.concurrency_key = k.key AND ${UNDER_WAY})
                + (SELECT count(*)::int FROM execution.runs r WHERE ${WAITS} AND ${GATE} AND r.concurrency_key = k.key) AS open
      FROM unnest($4::text[]) AS k(key)`,
};

/** By concurrency key, how many runs are under way or wait. */
export async function countOpen(tx: Transaction, gate: Gate, keys: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.rows<{ key: string; open: number }>(countOfKeys, [...gateValues(gate), keys]);
  return new Map(rows.map((row) => [row.key, row.open]));
}

const superseded: Statement = {
  name: 'admissions.superseded',
  text: `
    SELECT o.id FROM (
      SELECT u.id, u.created_at FROM execution.runs u WHERE u.tenant_id = $1 AND u.concurrency_key = $4 AND ${UNDER_WAY} AND u.state <> 'cancelling'
      UNION ALL
      SELECT r.id, r.created_at FROM execution.runs r WHERE ${WAITS} AND ${GATE} AND r.concurrency_key = $4) o
     ORDER BY o.created_at DESC, o.id DESC OFFSET $5`,
};

/** The runs of a key that make room for the newest `limit`. */
export async function findSuperseded(tx: Transaction, gate: Gate, key: string, limit: number): Promise<string[]> {
  return (await tx.rows<{ id: string }>(superseded, [...gateValues(gate), key, limit])).map((row) => row.id);
}

const askToCancel: Statement = {
  name: 'admissions.ask_to_cancel',
  text: `
    INSERT INTO execution.commands (tenant_id, id, run_id, kind, reason, requested_by)
    SELECT $1, c.id, c.run_id, 'cancel', $4, $5 FROM unnest($2::text[], $3::text[]) AS c(id, run_id)
     WHERE NOT EXISTS (SELECT FROM execution.commands k WHERE k.tenant_id = $1 AND k.run_id = c.run_id AND k.kind = 'cancel' AND k.handled_at IS NULL)`,
};

export async function insertCancellations(tx: Transaction, tenantId: string, cancellations: ReadonlyArray<{ readonly id: string; readonly runId: string }>, reason: string, by: string): Promise<void> {
  await tx.change(askToCancel, [tenantId, cancellations.map((one) => one.id), cancellations.map((one) => one.runId), reason, by]);
}

function gateValues({ tenant_id, environment_id, workflow_id }: Gate): string[] {
  return [tenant_id, environment_id, workflow_id];
}
