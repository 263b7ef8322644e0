import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { limitOf, ownLimitOf } from './effective-quota.ts';
import type { QuotaCache } from './quota-cache.ts';
import { readIntake } from './repository-quotas.ts';
import type { IntakeRow, QuotaRow } from './repository-quotas.ts';

/** How many may be let in meanwhile, beyond those that were counted, is what arrives in this time. */
const FRESH_MS = 1_000;
const MAX_TENANTS = 10_000;
const NO_DEFAULTS = {};
const DAY_MS = 86_400_000;

/** Lets in what starts runs, or not: by how many runs there were today and how many are open. */
export class IntakeQuota {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #quotas: QuotaCache;
  readonly #counts = new Map<string, { readonly read_ms: number; readonly rows: Promise<IntakeRow[]> }>();

  constructor({ database, clock, quotas }: { readonly database: Database; readonly clock: Clock; readonly quotas: QuotaCache }) {
    this.#database = database;
    this.#clock = clock;
    this.#quotas = quotas;
  }

  /** @throws ApiError `quota_exceeded`, whose member `policy` names the quota */
  async refuseOver(tenantId: string, workspaceId: string): Promise<void> {
    const quotas = await this.#quotas.find(tenantId);
    if (!quotas.some(({ name }) => name === 'runs_per_day' || name === 'active_runs')) return;
    const rows = await this.#read(tenantId);
    for (const scope of [rows, rows.filter((row) => row.workspace_id === workspaceId)]) {
      const runsToday = sumOf(scope, (row) => row.runs_today + row.waiting);
      const active = sumOf(scope, (row) => row.open + row.waiting);
      refuse('runs_per_day', runsToday, this.#limit(quotas, 'runs_per_day', scope === rows ? '' : workspaceId), this.#secondsOfToday());
      refuse('active_runs', active, this.#limit(quotas, 'active_runs', scope === rows ? '' : workspaceId), 60);
    }
  }

  #limit(quotas: readonly QuotaRow[], name: 'runs_per_day' | 'active_runs', workspaceId: string): number | null {
    return workspaceId === '' ? limitOf(quotas, NO_DEFAULTS, name) : ownLimitOf(quotas, name, workspaceId);
  }

  #read(tenantId: string): Promise<IntakeRow[]> {
    const now_ms = this.#clock.now().getTime();
    const known = this.#counts.get(tenantId);
    if (known !== undefined && now_ms - known.read_ms < FRESH_MS && now_ms >= known.read_ms) return known.rows;
    const rows = this.#database.forTenant(tenantId, (tx) => readIntake(tx, tenantId));
    if (this.#counts.size >= MAX_TENANTS) this.#counts.delete(this.#counts.keys().next().value ?? '');
    this.#counts.set(tenantId, { read_ms: now_ms, rows });
    rows.catch(() => this.#counts.delete(tenantId));
    return rows;
  }

  /** Until midnight UTC. */
  #secondsOfToday(): number {
    return Math.ceil((DAY_MS - this.#clock.now().getTime() % DAY_MS) / 1_000);
  }
}

function sumOf(rows: readonly IntakeRow[], count: (row: IntakeRow) => number): number {
  return rows.reduce((sum, row) => sum + count(row), 0);
}

function refuse(policy: 'runs_per_day' | 'active_runs', used: number, limit: number | null, retryAfter_s: number): void {
  if (limit === null || used < limit) return;
  const what = policy === 'runs_per_day' ? `of ${limit} runs a day is used up until midnight UTC` : `of ${limit} runs at a time is used up`;
  throw new ApiError('quota_exceeded', `The quota ${what}.`, { retryAfter_s, members: { policy } });
}
