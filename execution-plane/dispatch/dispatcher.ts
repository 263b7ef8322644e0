import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Tenants } from '../loops/tenants.ts';
import type { StepRunner } from '../steps/step-runner.ts';
import { claimSteps } from './claim.ts';

export interface DispatcherOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly runner: StepRunner;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
  readonly leaseMs: number;
  /** Steps under way at once. */
  readonly concurrency: number;
  /** Told when a slot has become free. */
  readonly onFree: () => void;
}

/** Claims steps into free slots. One turn of its loop is one claim. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #active = new Set<Promise<void>>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Claims what fits. Gives whether there may be more and there is room for it. */
  async turn(): Promise<boolean> {
    const { database, tenants, changes, clock, worker, leaseMs, concurrency } = this.#options;
    const free = concurrency - this.#active.size;
    const tenantIds = await tenants.ids();
    if (free <= 0 || tenantIds.length === 0) return false;
    const { claimed, started } = await database.forTenants(tenantIds, (tx) => claimSteps(tx, clock.now(), { worker, leaseMs, limit: free }));
    for (const facts of started) changes.changed({ tenant_id: facts.tenant.id, kind: 'run', id: facts.run.id, state: 'running' });
    // A claim that was under way when the worker began to stop: its leases are given back with the others, nothing of it begins.
    if (this.#options.runner.draining) return false;
    for (const step of claimed) this.#begin(this.#options.runner.run(step));
    return claimed.length > 0 && this.#active.size < concurrency;
  }

  /** How many more steps could be taken up. */
  get free(): number {
    return this.#options.concurrency - this.#active.size;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  #begin(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#active.delete(tracked);
      this.#options.onFree();
    });
    this.#active.add(tracked);
  }
}
