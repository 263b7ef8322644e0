import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** What a worker did in one environment with one workflow since it last wrote. The arrays count by the buckets of platform/telemetry/buckets.ts. */
export interface FigureRow {
  readonly tenant_id: string;
  readonly environment_id: string;
  readonly workflow_name: string;
  readonly runs_started: number;
  readonly runs_succeeded: number;
  readonly runs_failed: number;
  readonly runs_cancelled: number;
  readonly steps_claimed: number;
  readonly steps_succeeded: number;
  readonly steps_failed: number;
  readonly steps_retried: number;
  readonly steps_dead: number;
  readonly decisions: Readonly<Record<string, number>>;
  readonly queue_wait: readonly number[];
  readonly step_duration: readonly number[];
  readonly run_duration: readonly number[];
}

const insert: Statement = {
  name: 'figures.insert',
  text: `
    INSERT INTO execution.figures (tenant_id, at, worker, environment_id, workflow_name, runs_started, runs_succeeded, runs_failed, runs_cancelled,
      steps_claimed, steps_succeeded, steps_failed, steps_retried, steps_dead, decisions, queue_wait, step_duration, run_duration)
    SELECT f.tenant_id, clock_timestamp(), $1, f.environment_id, f.workflow_name, f.runs_started, f.runs_succeeded, f.runs_failed, f.runs_cancelled,
           f.steps_claimed, f.steps_succeeded, f.steps_failed, f.steps_retried, f.steps_dead, f.decisions, f.queue_wait, f.step_duration, f.run_duration
      FROM jsonb_to_recordset($2) AS f (tenant_id text, environment_id text, workflow_name text, runs_started int, runs_succeeded int, runs_failed int, runs_cancelled int,
             steps_claimed int, steps_succeeded int, steps_failed int, steps_retried int, steps_dead int, decisions jsonb, queue_wait int[], step_duration int[], run_duration int[])`,
};

/** For the tenants of the transaction. */
export async function writeFigures(tx: Transaction, worker: string, rows: readonly FigureRow[]): Promise<void> {
  await tx.change(insert, [worker, JSON.stringify(rows)]);
}

/** What the board can look back to, and an hour more. */
const deleteOld: Statement = {
  name: 'figures.delete_old',
  text: `
    DELETE FROM execution.figures WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM execution.figures WHERE at < clock_timestamp() - interval '4 hours' LIMIT $1))`,
};

/** Gives whether there may be more. */
export async function forgetFigures(tx: Transaction, limit: number): Promise<boolean> {
  return await tx.change(deleteOld, [limit]) === limit;
}
