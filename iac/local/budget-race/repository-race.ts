import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const setPrice: Statement = {
  name: 'race.price',
  text: `INSERT INTO control.price_overrides (tenant_id, meter, unit, from_day, usd_per_unit, source, set_by) VALUES ($1, $2, $3, '2026-01-01', $4, 'budget race', 'budget race')`,
};

export async function insertPrice(tx: Transaction, tenantId: string, { meter, unit }: { meter: string; unit: string }, usdPerUnit: string): Promise<void> {
  await tx.change(setPrice, [tenantId, meter, unit, usdPerUnit]);
}

const sums: Statement = {
  name: 'race.books',
  text: `
    SELECT coalesce((SELECT sum(l.amount_usd) FROM execution.cost_lines l JOIN execution.runs r ON r.tenant_id = l.tenant_id AND r.id = l.run_id WHERE l.tenant_id = $1 AND r.workspace_id = $2), 0)::text AS cost_lines_usd,
           coalesce(sum(a.spent_usd), 0)::text AS spent_usd, coalesce(sum(a.reserved_usd), 0)::text AS reserved_usd,
           greatest(coalesce(sum(a.spent_usd + a.reserved_usd), 0) - coalesce(max(b.monthly_limit_usd), 0), 0)::text AS overspend_usd
      FROM control.budgets b
      LEFT JOIN execution.budget_accounts a ON a.tenant_id = b.tenant_id AND a.workspace_id = b.workspace_id AND a.kind = 'month'
     WHERE b.tenant_id = $1 AND b.workspace_id = $2`,
};

export interface Books {
  readonly cost_lines_usd: string;
  readonly spent_usd: string;
  readonly reserved_usd: string;
  readonly overspend_usd: string;
}

/** What the account of the workspace says, and what its cost lines add up to. */
export function readBooks(tx: Transaction, { tenant, workspace }: Pick<CallIdentity, 'tenant' | 'workspace'>): Promise<Books> {
  return tx.one<Books>(sums, [tenant.id, workspace.id]);
}
