import type { Database } from '@countersign/platform/postgres/database.ts';
import { renew } from './repository-claims.ts';

export interface HeldLease {
  readonly tenantId: string;
  readonly stepId: string;
  readonly fence: string;
}

/** The leases that this process holds. Renewed together; whoever works under one that was lost is told to stop. */
export class Leases {
  readonly #database: Database;
  readonly #leaseMs: number;
  readonly #held = new Map<string, HeldLease & { readonly lost: AbortController }>();

  constructor(database: Database, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  /** Keeps `lease` renewed until `release`; the signal aborts when it is lost. */
  hold(lease: HeldLease): { readonly lost: AbortSignal; release(): void } {
    const entry = { ...lease, lost: new AbortController() };
    this.#held.set(lease.stepId, entry);
    return {
      lost: entry.lost.signal,
      release: () => { if (this.#held.get(lease.stepId) === entry) this.#held.delete(lease.stepId); },
    };
  }

  held(): HeldLease[] {
    return [...this.#held.values()];
  }

  /** One heartbeat: a third of a lease apart, so that two may fail before anything is lost. */
  async renew(): Promise<void> {
    const before = [...this.#held.values()];
    if (before.length === 0) return;
    const tenantIds = [...new Set(before.map((lease) => lease.tenantId))];
    const kept = await this.#database.forTenants(tenantIds, (tx) => renew(tx, before, this.#leaseMs));
    for (const lease of before) {
      if (!kept.has(lease.stepId) && this.#held.get(lease.stepId) === lease) lease.lost.abort();
    }
  }
}
