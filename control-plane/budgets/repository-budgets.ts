import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface BudgetRow {
  readonly monthly_limit_usd: string | null;
  readonly run_limit_usd: string | null;
  readonly version: number;
  readonly set_by: string | null;
  readonly set_at: Date | null;
  /** `YYYY-MM`, UTC. */
  readonly period: string;
  readonly period_ends_at: Date;
  readonly spent_usd: string;
  readonly reserved_usd: string;
  /** `warning` from 80 % on, what is reserved included. */
  readonly state: 'unlimited' | 'ok' | 'warning' | 'exhausted';
}

const read: Statement = {
  name: 'budgets.read',
  text: `
    WITH month AS (
      SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AS begins
    ), shown AS (
    SELECT b.monthly_limit_usd AS limit_usd, b.monthly_limit_usd::text AS monthly_limit_usd, b.run_limit_usd::text AS run_limit_usd, coalesce(b.version, 0) AS version, b.set_by, b.set_at,
           to_char(m.begins, 'YYYY-MM') AS period, (m.begins + interval '1 month') AT TIME ZONE 'UTC' AS period_ends_at,
           -- without an account nobody keeps count, so the cost lines are added up
           coalesce(a.spent_usd, (
             SELECT sum(l.amount_usd) FROM execution.cost_lines l
               JOIN execution.tool_calls c ON c.tenant_id = l.tenant_id AND c.id = l.call_id
               JOIN execution.runs r ON r.tenant_id = l.tenant_id AND r.id = l.run_id
              WHERE l.tenant_id = $1 AND r.workspace_id = $2 AND l.metered_at >= m.begins AT TIME ZONE 'UTC' AND c.intended_at >= m.begins AT TIME ZONE 'UTC'), 0)::numeric(18, 9) AS spent_usd,
           coalesce(a.reserved_usd, 0)::numeric(18, 9) AS reserved_usd
      FROM month m
      LEFT JOIN control.budgets b ON b.tenant_id = $1 AND b.workspace_id = $2
      LEFT JOIN execution.budget_accounts a ON a.tenant_id = $1 AND a.workspace_id = $2 AND a.kind = 'month' AND a.period = to_char(m.begins, 'YYYY-MM')
    )
    SELECT monthly_limit_usd, run_limit_usd, version, set_by, set_at, period, period_ends_at, spent_usd::text AS spent_usd, reserved_usd::text AS reserved_usd,
           CASE WHEN limit_usd IS NULL THEN 'unlimited' WHEN spent_usd >= limit_usd THEN 'exhausted' WHEN spent_usd + reserved_usd >= 0.8 * limit_usd THEN 'warning' ELSE 'ok' END AS state
      FROM shown`,
};

/** The budget of a workspace and what of it is used up; `version` 0 where none was ever set. */
export function readBudget(tx: Transaction, tenantId: string, workspaceId: string): Promise<BudgetRow> {
  return tx.one<BudgetRow>(read, [tenantId, workspaceId]);
}

const write: Statement = {
  name: 'budgets.write',
  text: `
    INSERT INTO control.budgets AS b (tenant_id, workspace_id, monthly_limit_usd, run_limit_usd, set_by)
    SELECT $1, $2, $3, $4, $5
     WHERE $6::int IS NULL OR $6 = 0 OR EXISTS (SELECT FROM control.budgets WHERE tenant_id = $1 AND workspace_id = $2)
    ON CONFLICT (tenant_id, workspace_id) DO UPDATE
       SET monthly_limit_usd = excluded.monthly_limit_usd, run_limit_usd = excluded.run_limit_usd, set_by = excluded.set_by, set_at = clock_timestamp(), version = b.version + 1
     WHERE $6::int IS NULL OR b.version = $6
    RETURNING b.version`,
};

export interface NewLimits {
  readonly monthly_limit_usd: string | null;
  readonly run_limit_usd: string | null;
}

/** Sets both limits; `expected` is the version that they replace, null for any. Undefined when it is another one. */
export async function writeBudget(tx: Transaction, tenantId: string, workspaceId: string, limits: NewLimits, setBy: string, expected: number | null): Promise<number | undefined> {
  const row = await tx.maybeOne<{ version: number }>(write, [tenantId, workspaceId, limits.monthly_limit_usd, limits.run_limit_usd, setBy, expected]);
  return row?.version;
}
