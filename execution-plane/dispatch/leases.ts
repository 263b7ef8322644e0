import type { Database } from '@countersign/platform/postgres/database.ts';
import { renew } from './repository-claims.ts';

export interface HeldLease {
  readonly tenantId: string;
  readonly stepId: string;
  readonly fence: string;
}

/** A lease that is renewed until it is released. */
export interface KeptLease {
  /** Aborts when it is lost. */
  readonly lost: AbortSignal;
  /** The lease that its holder has now instead, by a transaction that is committed: the next step of the same run. */
  passTo(next: HeldLease): void;
  release(): void;
}

interface Entry {
  lease: HeldLease;
  readonly lost: AbortController;
  /** Whether its holder is just writing: what looks lost may have been given up for another. */
  readonly isWriting: () => boolean;
}

/** The leases that this process holds. Renewed together; whoever works under one that was lost is told to stop. */
export class Leases {
  readonly #database: Database;
  readonly #leaseMs: number;
  readonly #held = new Set<Entry>();
  #renewed = 0;
  #lost = 0;

  constructor(database: Database, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  /** Keeps `lease` renewed until `release`. */
  hold(lease: HeldLease, isWriting: () => boolean = () => false): KeptLease {
    const entry: Entry = { lease, lost: new AbortController(), isWriting };
    this.#held.add(entry);
    return {
      lost: entry.lost.signal,
      passTo: (next) => { entry.lease = next; },
      release: () => { this.#held.delete(entry); },
    };
  }

  /** How many are held now, and how many were renewed and lost since the worker began; for operators. */
  stats(): { readonly held: number; readonly renewed: number; readonly lost: number } {
    return { held: this.#held.size, renewed: this.#renewed, lost: this.#lost };
  }

  held(): HeldLease[] {
    return [...this.#held].map(({ lease }) => lease);
  }

  /** One heartbeat: a third of a lease apart, so that two may fail before anything is lost. */
  async renew(): Promise<void> {
    const before = [...this.#held].map((entry) => ({ entry, lease: entry.lease }));
    if (before.length === 0) return;
    const tenantIds = [...new Set(before.map(({ lease }) => lease.tenantId))];
    const kept = await this.#database.forTenants(tenantIds, (tx) => renew(tx, before.map(({ lease }) => lease), this.#leaseMs));
    this.#renewed += kept.size;
    for (const { entry, lease } of before) {
      // One that is being written, or was, is looked at again by the next heartbeat.
      if (kept.has(lease.stepId) || !this.#held.has(entry) || entry.lease !== lease || entry.isWriting()) continue;
      this.#lost += 1;
      entry.lost.abort();
    }
  }
}
