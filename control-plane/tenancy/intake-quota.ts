import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { limitOf, ownLimitOf } from './effective-quota.ts';
import type { QuotaCache } from './quota-cache.ts';
import { quotaExceeded } from './quota-exceeded.ts';
import type { IntakeQuotaName } from './quota-names.ts';
import { readIntake, readStoredBytes } from './repository-quotas.ts';
import type { IntakeRow, QuotaRow } from './repository-quotas.ts';

/** How many may be let in meanwhile, beyond those that were counted, is what arrives in this time. */
const FRESH_MS = 1_000;
const MAX_TENANTS = 10_000;
const NO_DEFAULTS = {};
const DAY_MS = 86_400_000;
/** Nothing says when a run ends. */
const RUN_RETRY_S = 60;
/** What is kept is counted once a minute, and shredded as its retention ends. */
const BYTES_RETRY_S = 600;
const NAMES: ReadonlySet<string> = new Set<IntakeQuotaName>(['runs_per_day', 'active_runs', 'stored_bytes']);

interface Counted {
  readonly rows: readonly IntakeRow[];
  readonly stored_bytes: number;
}

/** Lets in what starts runs, or not: by how many runs there were today, how many are open, and how much is kept. */
export class IntakeQuota {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #quotas: QuotaCache;
  readonly #counts = new Map<string, { readonly read_ms: number; readonly quotas: readonly QuotaRow[]; readonly counted: Promise<Counted> }>();

  constructor({ database, clock, quotas }: { readonly database: Database; readonly clock: Clock; readonly quotas: QuotaCache }) {
    this.#database = database;
    this.#clock = clock;
    this.#quotas = quotas;
  }

  /** @throws ApiError `quota_exceeded`, whose members name the quota, what it allows and what there is */
  async refuseOver(tenantId: string, workspaceId: string): Promise<void> {
    const quotas = await this.#quotas.find(tenantId);
    if (!quotas.some(({ name }) => NAMES.has(name))) return;
    const { rows, stored_bytes } = await this.#read(tenantId, quotas);
    refuse('stored_bytes', stored_bytes, limitOf(quotas, NO_DEFAULTS, 'stored_bytes'), BYTES_RETRY_S);
    for (const scope of [rows, rows.filter((row) => row.workspace_id === workspaceId)]) {
      const runsToday = sumOf(scope, (row) => row.runs_today + row.waiting);
      const active = sumOf(scope, (row) => row.open + row.waiting);
      refuse('runs_per_day', runsToday, this.#limit(quotas, 'runs_per_day', scope === rows ? '' : workspaceId), this.#secondsOfToday());
      refuse('active_runs', active, this.#limit(quotas, 'active_runs', scope === rows ? '' : workspaceId), RUN_RETRY_S);
    }
  }

  #limit(quotas: readonly QuotaRow[], name: 'runs_per_day' | 'active_runs', workspaceId: string): number | null {
    return workspaceId === '' ? limitOf(quotas, NO_DEFAULTS, name) : ownLimitOf(quotas, name, workspaceId);
  }

  /** As new as the quotas that it is held against: setting one counts. */
  #read(tenantId: string, quotas: readonly QuotaRow[]): Promise<Counted> {
    const now_ms = this.#clock.now().getTime();
    const known = this.#counts.get(tenantId);
    if (known !== undefined && known.quotas === quotas && now_ms - known.read_ms < FRESH_MS && now_ms >= known.read_ms) return known.counted;
    const counted = this.#database.forTenant(tenantId, async (tx) => ({ rows: await readIntake(tx, tenantId), stored_bytes: await readStoredBytes(tx, tenantId) }));
    if (this.#counts.size >= MAX_TENANTS) this.#counts.delete(this.#counts.keys().next().value ?? '');
    this.#counts.set(tenantId, { read_ms: now_ms, quotas, counted });
    counted.catch(() => this.#counts.delete(tenantId));
    return counted;
  }

  /** Until midnight UTC. */
  #secondsOfToday(): number {
    return Math.ceil((DAY_MS - this.#clock.now().getTime() % DAY_MS) / 1_000);
  }
}

function sumOf(rows: readonly IntakeRow[], count: (row: IntakeRow) => number): number {
  return rows.reduce((sum, row) => sum + count(row), 0);
}

function refuse(name: IntakeQuotaName, used: number, limit: number | null, retryAfter_s: number): void {
  if (limit !== null && used >= limit) throw quotaExceeded({ name, limit, used, retryAfter_s });
}
