import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Tenants } from '../loops/tenants.ts';
import type { StepRunner } from '../steps/step-runner.ts';
import { queueSpan } from '../telemetry/run-spans.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { claimSteps } from './claim.ts';
import { FairShares } from './fair-shares.ts';
import type { ClaimedStep } from './claim.ts';

export interface DispatcherOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly runner: StepRunner;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
  readonly leaseMs: number;
  readonly telemetry: Pick<Telemetry, 'observer' | 'tracing'>;
  /** Steps under way at once. */
  readonly concurrency: number;
  /** Told when a slot has become free that something may wait for. */
  readonly onFree: () => void;
}

/** Turns in a row that may go to those of whom nothing can be taken, before it rests. */
const MAX_IN_VAIN = 8;

/** Claims steps into free slots. One turn of its loop is one claim. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #active = new Set<Promise<void>>();
  readonly #shares = new FairShares();
  #inVain = 0;
  /** Whether the last look left something: only then is a slot that becomes free worth another one. */
  #left = true;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Claims what fits. Gives whether there may be more and there is room for it. */
  async turn(): Promise<boolean> {
    const { database, tenants, changes, clock, worker, leaseMs, concurrency } = this.#options;
    const free = concurrency - this.#active.size;
    const tenantIds = await tenants.ids();
    this.#left = true;
    if (free <= 0 || tenantIds.length === 0) return false;
    const { claimed, started, mayBeMore } = await database.forTenants(tenantIds, (tx) => claimSteps(tx, clock.now(), { worker, leaseMs, limit: free, shares: this.#shares }));
    for (const facts of started) changes.changed({ tenant_id: facts.tenant.id, workspace_id: facts.workspace.id, kind: 'run', id: facts.run.id, state: 'running' });
    this.#observe(claimed, started);
    // A claim that was under way when the worker began to stop: its leases are given back with the others, nothing of it begins.
    if (this.#options.runner.draining) return false;
    for (const step of claimed) this.#begin(this.#options.runner.run(step));
    this.#left = mayBeMore;
    this.#inVain = mayBeMore && claimed.length === 0 ? this.#inVain + 1 : 0;
    return mayBeMore && this.#inVain <= MAX_IN_VAIN && this.#active.size < concurrency;
  }

  /** How many more steps could be taken up. */
  get free(): number {
    return this.#options.concurrency - this.#active.size;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  #observe(claimed: readonly ClaimedStep[], started: ReadonlyArray<ClaimedStep['facts']>): void {
    const { clock, telemetry: { observer, tracing } } = this.#options;
    for (const facts of started) observer.runStarted(facts);
    for (const step of claimed) {
      observer.stepClaimed(step.facts, step.waitedMs ?? 0);
      tracing.record(() => queueSpan(step, step.waitedMs ?? 0, clock.now()));
    }
  }

  #begin(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#active.delete(tracked);
      if (this.#left) this.#options.onFree();
    });
    this.#active.add(tracked);
  }
}
