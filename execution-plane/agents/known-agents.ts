import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Candidate } from './choose-agent.ts';
import { readCandidates } from './repository-agents.ts';

/** As of the health of an instance. Who is given an order is read again with the order. */
const BELIEVED_FOR_MS = 250;
const MOST_KNOWN = 1_000;

/** The agents of a pool, read at most a few times a second however many calls ask whether there are any. */
export class KnownAgents {
  readonly #database: Database;
  readonly #known = new Map<string, { readonly askedAt: number; readonly agents: Promise<readonly Candidate[]> }>();

  constructor(database: Database) {
    this.#database = database;
  }

  of(tenantId: string, poolId: string): Promise<readonly Candidate[]> {
    const name = `${tenantId}/${poolId}`;
    const known = this.#known.get(name);
    if (known !== undefined && performance.now() - known.askedAt < BELIEVED_FOR_MS) return known.agents;
    const made = { askedAt: performance.now(), agents: this.#database.forTenant(tenantId, (tx) => readCandidates(tx, tenantId, poolId)) };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(name, made);
    made.agents.catch(() => { if (this.#known.get(name) === made) this.#known.delete(name); });
    return made.agents;
  }
}
