import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { TenantStates } from '../../access/ports.ts';
import { Loop } from '../../cell/loop.ts';
import { agentRevoked } from './admission.ts';
import type { Admission } from './admission.ts';
import { findRevoked } from './repository-admission.ts';

/** Who is connected: what the watch knows of the listener. */
export interface ConnectedAgents {
  /** Ids of those with a request that is held, by their tenants: every other request is admitted when it comes. */
  waiting(): ReadonlyMap<string, ReadonlySet<string>>;
  /** Ends every connection of an agent, and what is held on it, with `reason`. */
  end(agentId: string, reason: ApiError): void;
}

export interface WatchParts {
  readonly database: Database;
  readonly log: Logger;
  readonly admission: Admission;
  readonly tenantStates: TenantStates;
  readonly connected: ConnectedAgents;
}

/** A notification can be lost, and a revoked agent must be gone within a second. */
const LOOK_MS = 400;

/** Ends what is held for agents that may not be connected any more: at once when it is told of them, and by looking all the time. */
export class ConnectionWatch {
  readonly loop: Loop;
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.loop = new Loop({ name: 'agent connections', idle_ms: LOOK_MS, busy_ms: LOOK_MS, log: parts.log }, async () => {
      for (const [tenantId, agentIds] of parts.connected.waiting()) await this.#look(tenantId, [...agentIds]);
      return true;
    });
  }

  /** The state of an agent has changed. */
  changed(tenantId: string, agentId: string): void {
    this.#parts.admission.forget(tenantId, agentId);
    this.#look(tenantId, [agentId]).catch((error: unknown) => this.#parts.log.warn({ err: error, agent_id: agentId }, 'an agent could not be looked at; it is tried again at once'));
  }

  async #look(tenantId: string, agentIds: readonly string[]): Promise<void> {
    const { database, tenantStates, connected } = this.#parts;
    const notServed = await tenantStates.refuseUnlessServed(tenantId).catch(refusal);
    if (notServed instanceof ApiError) return agentIds.forEach((id) => connected.end(id, notServed));
    const revoked = await database.forTenant(tenantId, (tx) => tx.rows<{ id: string }>(findRevoked, [tenantId, agentIds]));
    for (const { id } of revoked) connected.end(id, agentRevoked());
  }
}

/** What is no refusal is no answer either. */
function refusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
