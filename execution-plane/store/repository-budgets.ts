import type { BudgetKind } from '@countersign/connectors/gateway/budget.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** What an account that begins now has spent already: asked only when there is none yet. Reads `k.kind` and `k.period` of the query around it. */
export function spentBefore(workspace: string, run: string): string {
  return `CASE
        WHEN EXISTS (SELECT FROM execution.budget_accounts e WHERE e.tenant_id = $1 AND e.workspace_id = ${workspace} AND e.kind = k.kind AND e.period = k.period) THEN 0
        WHEN k.kind = 'run' THEN (SELECT b_run.cost_usd FROM execution.runs b_run WHERE b_run.tenant_id = $1 AND b_run.id = ${run})
        ELSE (
          -- a call counts in the month in which it was intended, whenever it ends
          SELECT coalesce(sum(b_line.amount_usd), 0)
            FROM execution.cost_lines b_line
            JOIN execution.tool_calls b_call ON b_call.tenant_id = b_line.tenant_id AND b_call.id = b_line.call_id
            JOIN execution.runs b_run ON b_run.tenant_id = b_line.tenant_id AND b_run.id = b_line.run_id
           WHERE b_line.tenant_id = $1 AND b_line.metered_at >= (k.period || '-01')::timestamp AT TIME ZONE 'UTC'
             AND to_char(b_call.intended_at AT TIME ZONE 'UTC', 'YYYY-MM') = k.period AND b_run.workspace_id = ${workspace})
        END`;
}

const NEAR = '0.8';
/** A warning is due when 80 % of a limit are reached that none was given for. */
const CROSSED = 'new.warned_limit_usd IS NOT NULL AND new.warned_limit_usd IS DISTINCT FROM old.warned_limit_usd';

/**
 * The named steps that reserve an estimate together with the intent: `budgeted` has a row where the workspace has a budget, `wanted` one
 * for each budget, `reserved` one for each that had room. Two calls cannot both take the last room: the check is under the row's lock, in
 * the order run, month. Nothing is locked where there is no budget, or nothing to reserve. Needs `held`, `intended`.
 * Takes `$7` (the call) and, from `first`, what `reservationValues` gives.
 */
export function reservationSteps(first: number): string {
  const [workspace, amount, isUnpriced] = [`$${first}::text`, `$${first + 1}::numeric`, `$${first + 2}::boolean`];
  return `budgeted AS (
      SELECT b.run_limit_usd, b.monthly_limit_usd FROM control.budgets b
       WHERE (${amount} > 0 OR ${isUnpriced}) AND b.tenant_id = $1 AND b.workspace_id = ${workspace} AND coalesce(b.run_limit_usd, b.monthly_limit_usd) IS NOT NULL
    ), wanted AS (
      SELECT k.kind, k.period, k.limit_usd, ${spentBefore(workspace, 'intended.run_id')} AS spent_usd
        FROM budgeted b, intended
       CROSS JOIN LATERAL (VALUES ('run', intended.run_id, b.run_limit_usd), ('month', to_char(intended.intended_at AT TIME ZONE 'UTC', 'YYYY-MM'), b.monthly_limit_usd)) AS k(kind, period, limit_usd)
       WHERE k.limit_usd IS NOT NULL AND ${amount} > 0 AND NOT ${isUnpriced}
    ), reserved AS (
      INSERT INTO execution.budget_accounts AS a (tenant_id, workspace_id, kind, period, limit_usd, spent_usd, reserved_usd, warned_limit_usd)
      SELECT $1, ${workspace}, w.kind, w.period, w.limit_usd, w.spent_usd, ${amount}, CASE WHEN w.spent_usd + ${amount} >= ${NEAR} * w.limit_usd THEN w.limit_usd END
        FROM wanted w WHERE w.spent_usd + ${amount} <= w.limit_usd ORDER BY w.kind DESC
      ON CONFLICT (tenant_id, workspace_id, kind, period) DO UPDATE
         SET reserved_usd = a.reserved_usd + excluded.reserved_usd, limit_usd = excluded.limit_usd,
             warned_limit_usd = CASE WHEN a.spent_usd + a.reserved_usd + excluded.reserved_usd >= ${NEAR} * excluded.limit_usd THEN excluded.limit_usd ELSE a.warned_limit_usd END
       WHERE a.spent_usd + a.reserved_usd + excluded.reserved_usd <= excluded.limit_usd
      RETURNING kind, period, limit_usd, spent_usd, reserved_usd, (${CROSSED}) AS crossed
    ), kept AS (
      INSERT INTO execution.budget_reservations (tenant_id, call_id, kind, workspace_id, period, amount_usd)
      SELECT $1, $7, kind, ${workspace}, period, ${amount} FROM reserved
    )`;
}

/** What `reservationSteps` gives: whether there is a budget, whether each had room, and which reached 80 %. */
export const RESERVATION_RESULT = `EXISTS (SELECT FROM budgeted) AS budgeted,
           (SELECT count(*) FROM wanted) = (SELECT count(*) FROM reserved) AS has_room,
           ${accountsJson('reserved')} AS crossed`;

export function reservationValues(call: CallIdentity, amountUsd: string, isUnpriced: boolean): unknown[] {
  return [call.workspace.id, amountUsd, isUnpriced];
}

/**
 * The named steps that settle a call with its outcome: what was reserved for it is given back unless the outcome is `uncertain`, and what
 * `metered` says is spent, wherever there is a limit, or was one. Needs `ended`, `metered`; `$5` is the state.
 */
export const SETTLEMENT_STEPS = `released AS (
      DELETE FROM execution.budget_reservations b USING ended
       WHERE b.tenant_id = ended.tenant_id AND b.call_id = ended.id AND $5 <> 'uncertain'
      RETURNING b.kind, b.period, b.amount_usd
    ), spent AS (SELECT coalesce(sum(amount_usd), 0) AS amount_usd FROM metered),
    due AS (
      SELECT r.workspace_id, k.kind, k.period, k.limit_usd, ${spentBefore('r.workspace_id', 'ended.run_id')} AS spent_before_usd
        FROM ended
       CROSS JOIN spent
        JOIN execution.runs r ON r.tenant_id = ended.tenant_id AND r.id = ended.run_id
        LEFT JOIN control.budgets b ON b.tenant_id = r.tenant_id AND b.workspace_id = r.workspace_id
       CROSS JOIN LATERAL (VALUES ('run', ended.run_id, b.run_limit_usd), ('month', to_char(ended.intended_at AT TIME ZONE 'UTC', 'YYYY-MM'), b.monthly_limit_usd)) AS k(kind, period, limit_usd)
       WHERE EXISTS (SELECT FROM released WHERE released.kind = k.kind)
          OR (spent.amount_usd > 0 AND (k.limit_usd IS NOT NULL OR EXISTS (
               SELECT FROM execution.budget_accounts e WHERE e.tenant_id = $1 AND e.workspace_id = r.workspace_id AND e.kind = k.kind AND e.period = k.period)))
    ), settled AS (
      INSERT INTO execution.budget_accounts AS a (tenant_id, workspace_id, kind, period, limit_usd, spent_usd, warned_limit_usd)
      SELECT $1, d.workspace_id, d.kind, d.period, d.limit_usd, d.spent_before_usd + s.amount_usd, CASE WHEN d.spent_before_usd + s.amount_usd >= ${NEAR} * d.limit_usd THEN d.limit_usd END
        FROM due d CROSS JOIN spent s ORDER BY d.kind DESC
      ON CONFLICT (tenant_id, workspace_id, kind, period) DO UPDATE
         SET spent_usd = a.spent_usd + (SELECT s.amount_usd FROM spent s),
             reserved_usd = a.reserved_usd - coalesce((SELECT r.amount_usd FROM released r WHERE r.kind = a.kind), 0),
             limit_usd = excluded.limit_usd,
             warned_limit_usd = CASE WHEN a.spent_usd + (SELECT s.amount_usd FROM spent s) + a.reserved_usd - coalesce((SELECT r.amount_usd FROM released r WHERE r.kind = a.kind), 0)
               >= ${NEAR} * excluded.limit_usd THEN excluded.limit_usd ELSE a.warned_limit_usd END
      RETURNING kind, period, limit_usd, spent_usd, reserved_usd, (${CROSSED}) AS crossed
    )`;

/** Which accounts reached 80 % by `SETTLEMENT_STEPS`. */
export const SETTLEMENT_RESULT = `${accountsJson('settled')} AS crossed`;

/** An account that has just reached 80 % of its limit. */
export interface CrossedAccount {
  readonly kind: BudgetKind;
  readonly period: string;
  readonly limit_usd: string;
  readonly spent_usd: string;
  readonly reserved_usd: string;
}

function accountsJson(from: string): string {
  return `(SELECT coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'period', x.period, 'limit_usd', x.limit_usd::text, 'spent_usd', x.spent_usd::text, 'reserved_usd', x.reserved_usd::text)), '[]')
              FROM ${from} x WHERE x.crossed)`;
}

const tightest: Statement = {
  name: 'budgets.without_room',
  text: `
    SELECT k.kind, k.period, k.limit_usd::text AS limit_usd, s.spent_usd::numeric(18, 9)::text AS spent_usd, coalesce(a.reserved_usd, 0)::numeric(18, 9)::text AS reserved_usd
      FROM control.budgets b
     CROSS JOIN LATERAL (VALUES ('run', $3::text, b.run_limit_usd), ('month', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM'), b.monthly_limit_usd)) AS k(kind, period, limit_usd)
      LEFT JOIN execution.budget_accounts a ON a.tenant_id = b.tenant_id AND a.workspace_id = b.workspace_id AND a.kind = k.kind AND a.period = k.period
     CROSS JOIN LATERAL (SELECT coalesce(a.spent_usd, ${spentBefore('$2', '$3')}) AS spent_usd) s
     WHERE b.tenant_id = $1 AND b.workspace_id = $2 AND k.limit_usd IS NOT NULL
     -- the one with the least room is the one that is told
     ORDER BY k.limit_usd - s.spent_usd - coalesce(a.reserved_usd, 0), k.kind DESC LIMIT 1`,
};

export type AccountRow = CrossedAccount;

/** The budget of the call that has the least room, as it is now; undefined when there is none any more. */
export function readTightestBudget(tx: Transaction, call: CallIdentity): Promise<AccountRow | undefined> {
  return tx.maybeOne<AccountRow>(tightest, [call.tenant.id, call.workspace.id, call.run.id]);
}
