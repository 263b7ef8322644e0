import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { changedSince, etagOf, expectedVersion } from './etag.ts';
import { readBudget, writeBudget } from './repository-budgets.ts';
import type { BudgetRow } from './repository-budgets.ts';

type Budget = components['schemas']['Budget'];

/** What a workspace may spend, and what it has spent. The workers hold every call to it; this only sets and shows it. */
export class Budgets {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getBudget({ principal }: Call<'getBudget'>): Promise<Answer<'getBudget'>> {
    return this.#database.forTenant(principal.tenantId, (tx) => answer(tx, principal));
  }

  async putBudget({ principal, body, headers }: Call<'putBudget'>): Promise<Answer<'putBudget'>> {
    const { tenantId, workspaceId } = principal;
    const limits = { monthly_limit_usd: body.monthly_limit_usd ?? null, run_limit_usd: body.run_limit_usd ?? null };
    const expected = expectedVersion(headers['if-match']);
    return this.#database.forTenant(tenantId, async (tx) => {
      const before = await readBudget(tx, tenantId, workspaceId);
      const version = await writeBudget(tx, tenantId, workspaceId, limits, principal.id, expected);
      if (version === undefined) throw changedSince();
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'budget.changed', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'budget', id: workspaceId },
        data: { ...limits, version, was_monthly_limit_usd: before.monthly_limit_usd, was_run_limit_usd: before.run_limit_usd },
      });
      return answer(tx, principal);
    });
  }
}

async function answer(tx: Transaction, { tenantId, workspaceId }: Principal): Promise<{ status: 200; headers: Record<string, string>; body: Budget }> {
  const row = await readBudget(tx, tenantId, workspaceId);
  return { status: 200, headers: { etag: etagOf(row.version) }, body: budgetOf(row) };
}

function budgetOf(row: BudgetRow): Budget {
  return {
    monthly_limit_usd: row.monthly_limit_usd, run_limit_usd: row.run_limit_usd, set_by: row.set_by, set_at: row.set_at?.toISOString() ?? null,
    month: { period: row.period, ends_at: row.period_ends_at.toISOString(), spent_usd: row.spent_usd, reserved_usd: row.reserved_usd, state: row.state },
  };
}
