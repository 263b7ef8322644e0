import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { FactsAbout } from '@countersign/connectors/gateway/ports.ts';
import type { BudgetState, PolicyBudget, PolicyCounters, Windows } from '@countersign/contracts/policy/decision.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { spentBefore } from '../store/repository-budgets.ts';

/** How often within a minute, an hour and a day, of the rows that `condition` picks. */
function windows(name: string, condition: string): string {
  return `count(*) FILTER (WHERE ${condition} AND d.decided_at > now() - interval '1 minute')::int AS ${name}_minute,
           count(*) FILTER (WHERE ${condition} AND d.decided_at > now() - interval '1 hour')::int AS ${name}_hour,
           count(*) FILTER (WHERE ${condition})::int AS ${name}_day`;
}

/** For tests to explain. */
export const COUNTERS: Statement = {
  name: 'policy.counters',
  text: `
    SELECT ${windows('action', 'd.action = $3')},
           ${windows('instance', 'd.instance_id = $4')},
           ${windows('workflow', 'd.workflow = $5')}
      FROM execution.decisions d
     -- one range of decisions_allowed, which holds all that is asked for
     WHERE d.tenant_id = $1 AND d.environment_id = $2 AND d.outcome = 'ALLOW' AND d.decided_at > now() - interval '1 day'`,
};

type CounterRow = Record<`${keyof PolicyCounters}_${keyof Windows}`, number>;

/**
 * What policy has allowed in the environment of the call, as committed by now: calls that are decided at the same moment do not see one
 * another. The windows slide, by the database's clock.
 */
export async function readCounters(tx: Transaction, { tenant, environment, run }: CallIdentity, { action, instanceId }: FactsAbout): Promise<PolicyCounters> {
  const row = await tx.one<CounterRow>(COUNTERS, [tenant.id, environment.id, action, instanceId, run.workflow]);
  const of = (name: keyof PolicyCounters): Windows => ({ minute: row[`${name}_minute`], hour: row[`${name}_hour`], day: row[`${name}_day`] });
  return { action: of('action'), instance: of('instance'), workflow: of('workflow') };
}

const budget: Statement = {
  name: 'policy.budget',
  text: `
    SELECT k.kind, floor(k.limit_usd * 1000000)::float8 AS limit_micro_usd, ceil(s.spent_usd * 1000000)::float8 AS spent_micro_usd,
           ceil(coalesce(a.reserved_usd, 0) * 1000000)::float8 AS reserved_micro_usd
      FROM (SELECT) always
      LEFT JOIN control.budgets b ON b.tenant_id = $1 AND b.workspace_id = $2
     CROSS JOIN LATERAL (VALUES ('run', $3::text, b.run_limit_usd), ('month', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM'), b.monthly_limit_usd)) AS k(kind, period, limit_usd)
      LEFT JOIN execution.budget_accounts a ON a.tenant_id = $1 AND a.workspace_id = $2 AND a.kind = k.kind AND a.period = k.period
     CROSS JOIN LATERAL (SELECT coalesce(a.spent_usd, ${spentBefore('$2', '$3')}, 0) AS spent_usd) s`,
};

interface BudgetRow extends BudgetState { readonly kind: 'run' | 'month' }

/** Limits rounded down and sums rounded up, to whole millionths: what is left is never more than there is. */
export async function readBudget(tx: Transaction, { tenant, workspace, run }: CallIdentity): Promise<PolicyBudget> {
  const rows = await tx.rows<BudgetRow>(budget, [tenant.id, workspace.id, run.id]);
  return { run: stateOf(rows, 'run'), workspace: stateOf(rows, 'month') };
}

function stateOf(rows: readonly BudgetRow[], kind: BudgetRow['kind']): BudgetState {
  const { limit_micro_usd, spent_micro_usd, reserved_micro_usd } = rows.find((row) => row.kind === kind)!;
  return { limit_micro_usd, spent_micro_usd, reserved_micro_usd };
}
