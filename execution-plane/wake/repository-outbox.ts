import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** Settings of connections that note work in the outbox as they make it: all of a worker that has a queue. */
export const NOTES_WORK = { 'app.outbox': 'on' };

/** A run by both halves of its key: a message of one tenant never finds the run of another. */
export interface RunKey {
  readonly tenant_id: string;
  readonly run_id: string;
}

export interface TakenRow extends RunKey {
  readonly changes: string;
}

const takeDue: Statement = {
  name: 'outbox.take_due',
  text: `
    UPDATE execution.outbox o SET taken_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
      FROM (SELECT tenant_id, run_id FROM execution.outbox
             WHERE due_at <= clock_timestamp() AND taken_until <= clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED) due
     WHERE (o.tenant_id, o.run_id) = (due.tenant_id, due.run_id)
    RETURNING o.tenant_id, o.run_id, o.changes::text AS changes`,
};

/** Takes up to `limit` rows for `forMs`: no other worker sends them meanwhile. */
export function takeDueRows(tx: Transaction, limit: number, forMs: number): Promise<TakenRow[]> {
  return tx.rows<TakenRow>(takeDue, [limit, forMs]);
}

export interface RunWork extends RunKey {
  /** Something of it can be claimed now, for all that its steps say. */
  readonly has_work: boolean;
  /** When more of it can, where that is known. */
  readonly next_due_at: Date | null;
  /** W3C Trace Context, as the sender of the event gave it; null where it gave none. */
  readonly traceparent: string | null;
}

const runWork: Statement = {
  name: 'outbox.run_work',
  text: `
    SELECT r.tenant_id, r.id AS run_id, r.traceparent, coalesce(bool_or(s.available_at <= clock_timestamp()), false) AS has_work,
           min(s.available_at) FILTER (WHERE s.available_at > clock_timestamp()) AS next_due_at
      FROM unnest($1::text[], $2::text[]) AS n(tenant_id, run_id)
      JOIN execution.runs r ON (r.tenant_id, r.id) = (n.tenant_id, n.run_id)
      LEFT JOIN execution.steps s ON (s.tenant_id, s.run_id) = (r.tenant_id, r.id) AND s.state IN ('ready', 'retrying', 'uncertain')
     GROUP BY r.tenant_id, r.id, r.traceparent`,
};

/** What each of `runs` has to do. One that this transaction's tenants do not have is missing. */
export function readRunWork(tx: Transaction, runs: readonly RunKey[]): Promise<RunWork[]> {
  return tx.rows<RunWork>(runWork, [runs.map((run) => run.tenant_id), runs.map((run) => run.run_id)]);
}

const finish: Statement = {
  name: 'outbox.finish',
  text: `
    WITH mine AS (
      SELECT o.tenant_id, o.run_id, n.next_due_at
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS n(tenant_id, run_id, changes, next_due_at)
        JOIN execution.outbox o ON (o.tenant_id, o.run_id) = (n.tenant_id, n.run_id) AND o.changes = n.changes
       -- a row that is just being written to has new work: it stays, and nobody waits for anybody
         FOR UPDATE OF o SKIP LOCKED
    ), later AS (
      UPDATE execution.outbox o SET due_at = m.next_due_at, taken_until = '-infinity'
        FROM mine m WHERE (o.tenant_id, o.run_id) = (m.tenant_id, m.run_id) AND m.next_due_at IS NOT NULL
    )
    DELETE FROM execution.outbox o USING mine m WHERE (o.tenant_id, o.run_id) = (m.tenant_id, m.run_id) AND m.next_due_at IS NULL`,
};

/** Takes rows off that were told, or makes them due later; one that has changed since it was taken stays as it is. */
export async function finishRows(tx: Transaction, rows: ReadonlyArray<TakenRow & { readonly next_due_at: Date | null }>): Promise<void> {
  await tx.change(finish, [rows.map((row) => row.tenant_id), rows.map((row) => row.run_id), rows.map((row) => row.changes), rows.map((row) => row.next_due_at)]);
}
