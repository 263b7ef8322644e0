import type { BudgetKind } from '@countersign/connectors/gateway/budget.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { BudgetAccount, BudgetLimits } from '@countersign/connectors/gateway/testing/memory-budgets.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';

export async function seedWorkspace(tx: Transaction, tenantId: string, id: string): Promise<void> {
  await tx.change(sql('own_workspace', `INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, $2, 'With a budget')`), [tenantId, id]);
}

/** As the control plane writes them. */
export async function setLimits(tx: Transaction, tenantId: string, workspaceId: string, { run, month }: BudgetLimits): Promise<void> {
  await tx.change(sql('set_limits', `
    INSERT INTO control.budgets (tenant_id, workspace_id, run_limit_usd, monthly_limit_usd, set_by) VALUES ($1, $2, $3, $4, 'test')
    ON CONFLICT (tenant_id, workspace_id) DO UPDATE SET run_limit_usd = $3, monthly_limit_usd = $4`), [tenantId, workspaceId, run, month]);
}

export async function readAccount(tx: Transaction, call: CallIdentity, kind: BudgetKind): Promise<BudgetAccount | null> {
  return await tx.maybeOne<BudgetAccount>(sql('account', `
    SELECT spent_usd::text AS "spentUsd", reserved_usd::text AS "reservedUsd" FROM execution.budget_accounts
     WHERE tenant_id = $1 AND workspace_id = $2 AND kind = $3 AND period = CASE WHEN $3 = 'run' THEN $4 ELSE to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM') END`),
  [call.tenant.id, call.workspace.id, kind, call.run.id]) ?? null;
}

export async function readBudgetEvents(tx: Transaction, tenantId: string, workspaceId: string): Promise<string[]> {
  const rows = await tx.rows<{ event: string }>(sql('budget_events', `
    SELECT type || ' ' || (body::jsonb->'data'->>'budget') AS event FROM audit.events WHERE tenant_id = $1 AND type LIKE 'budget.%' AND chain = $2 ORDER BY id`),
  [tenantId, `${tenantId}/${workspaceId}`]);
  return rows.map(({ event }) => event);
}
