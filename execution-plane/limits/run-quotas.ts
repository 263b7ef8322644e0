import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { readRunQuotas } from './repository-run-quotas.ts';
import type { RunPlace, RunQuotaRow } from './repository-run-quotas.ts';

/** A quota that has no room for what is asked. */
export interface UsedUp {
  readonly quota: RunQuotaRow['name'];
  readonly limit: number;
  readonly used: number;
  /** Names the quota, the limit and what is used. */
  readonly message: string;
}

/**
 * What of their quotas tenants and workspaces have used, for runs that no request begins: those of schedules, of other runs, and of what the
 * reconciler finds. Webhooks and people are refused by the control plane, which counts the same.
 */
export class RunQuotas {
  readonly #rows: readonly RunQuotaRow[];
  readonly #begun = new Map<string, number>();

  private constructor(rows: readonly RunQuotaRow[]) {
    this.#rows = rows;
  }

  static async read(tx: Transaction, places: readonly RunPlace[]): Promise<RunQuotas> {
    return new RunQuotas(places.length === 0 ? [] : await readRunQuotas(tx, places));
  }

  /** Null where there is room for so many runs more. */
  usedUp({ tenant_id, workspace_id }: RunPlace, runs: number): UsedUp | null {
    for (const row of this.#rows) {
      if (row.tenant_id !== tenant_id || row.workspace_id !== workspace_id) continue;
      const used = row.used + (row.name === 'stored_bytes' ? 0 : this.#begun.get(scopeOf(row)) ?? 0);
      const over = row.name === 'stored_bytes' ? used >= row.max_value : used + runs > row.max_value;
      if (over) return { quota: row.name, limit: row.max_value, used, message: describe(row.name, row.max_value, used) };
    }
    return null;
  }

  /** They begin in this transaction, where nobody counts them yet. */
  begin({ tenant_id, workspace_id }: RunPlace, runs: number): void {
    for (const scope of ['', workspace_id]) {
      const key = scopeOf({ tenant_id, scope });
      this.#begun.set(key, (this.#begun.get(key) ?? 0) + runs);
    }
  }
}

function scopeOf({ tenant_id, scope }: Pick<RunQuotaRow, 'tenant_id' | 'scope'>): string {
  return `${tenant_id}/${scope}`;
}

function describe(name: RunQuotaRow['name'], limit: number, used: number): string {
  if (name === 'runs_per_day') return `The quota runs_per_day allows ${limit} runs a day, and ${used} have begun since midnight UTC.`;
  if (name === 'active_runs') return `The quota active_runs allows ${limit} runs at a time, and ${used} have not ended.`;
  return `The quota stored_bytes allows ${limit} bytes, and ${used} are kept.`;
}
