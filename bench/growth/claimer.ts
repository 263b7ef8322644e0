import { performance } from 'node:perf_hooks';
import { claimSteps } from '@countersign/execution-plane/dispatch/claim.ts';
import type { ClaimedStep } from '@countersign/execution-plane/dispatch/claim.ts';
import { FairShares } from '@countersign/execution-plane/dispatch/fair-shares.ts';
import { moveRun } from '@countersign/execution-plane/dispatch/move-run.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';

/** What a worker does with the queue and nothing else: it claims a batch, as dispatchers do, and ends what it has claimed, run by run. */
export class Claimer {
  readonly #database: Database;
  readonly #tenantIds: readonly string[];
  readonly #limit: number;
  readonly #shares = new FairShares();

  constructor(database: Database, tenantIds: readonly string[], limit: number) {
    this.#database = database;
    this.#tenantIds = tenantIds;
    this.#limit = limit;
  }

  /** One claim, and how long it took. */
  async claim(): Promise<{ claimed: readonly ClaimedStep[]; ms: number }> {
    const begun = performance.now();
    const { claimed } = await this.#database.forTenants(this.#tenantIds, (tx) => claimSteps(tx, new Date(), { worker: 'bench', leaseMs: 60_000, limit: this.#limit, shares: this.#shares }));
    return { claimed, ms: performance.now() - begun };
  }

  async end(claimed: readonly ClaimedStep[]): Promise<void> {
    for (const { facts: { tenant, run }, stepId, fence } of claimed) {
      await this.#database.forTenant(tenant.id, (tx) => moveRun(tx, new Date(), { kind: 'worker', id: 'bench' }, tenant.id, run.id, () => ({
        steps: [{ id: stepId, from: 'leased', to: 'succeeded', fence, lease: 'held' }],
      })));
    }
  }
}
