import type { ServerHttp2Session } from 'node:http2';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { ConnectedAgents } from '../connection-watch.ts';
import type { AgentConnection } from './connection.ts';

/** An agent has one, and two while it goes over to its next certificate. */
const MAX_PER_AGENT = 4;

/** Who is connected to the agent port, in the order in which they came. */
export class Connections implements ConnectedAgents {
  readonly #bySession = new Map<ServerHttp2Session, AgentConnection>();
  readonly #byAgent = new Map<string, Set<AgentConnection>>();
  readonly #strangers = new Set<AgentConnection>();
  readonly #maxStrangers: number;

  /** `maxStrangers`: so many may be connected at once that have no certificate. Agents that have one are never kept out by those. */
  constructor(maxStrangers: number) {
    this.#maxStrangers = maxStrangers;
  }

  of(session: ServerHttp2Session): AgentConnection | undefined {
    return this.#bySession.get(session);
  }

  /** Gives whether there is room for it. */
  add(session: ServerHttp2Session, connection: AgentConnection): boolean {
    const { presented } = connection;
    if (presented.kind !== 'agent' && this.#strangers.size >= this.#maxStrangers) return false;
    const alike = presented.kind === 'agent' ? this.#ofAgent(presented.name.agent_id) : this.#strangers;
    alike.add(connection);
    this.#bySession.set(session, connection);
    session.once('close', () => {
      this.#bySession.delete(session);
      alike.delete(connection);
      if (presented.kind === 'agent' && alike.size === 0) this.#byAgent.delete(presented.name.agent_id);
    });
    if (presented.kind === 'agent') {
      for (const old of [...alike].slice(0, -MAX_PER_AGENT)) old.end(new ApiError('rate_limited', `The agent has ${MAX_PER_AGENT} newer connections.`, { retryAfter_s: 10 }));
    }
    return true;
  }

  waiting(): Map<string, Set<string>> {
    const waiting = new Map<string, Set<string>>();
    for (const { presented, isHolding } of this.#all()) {
      if (presented.kind !== 'agent' || !isHolding) continue;
      const { tenant_id, agent_id } = presented.name;
      waiting.set(tenant_id, (waiting.get(tenant_id) ?? new Set()).add(agent_id));
    }
    return waiting;
  }

  end(agentId: string, reason: ApiError): void {
    for (const connection of this.#byAgent.get(agentId) ?? []) connection.end(reason);
  }

  endAll(reason: ApiError): void {
    for (const connection of this.#all()) connection.end(reason);
  }

  #ofAgent(agentId: string): Set<AgentConnection> {
    const known = this.#byAgent.get(agentId) ?? new Set();
    this.#byAgent.set(agentId, known);
    return known;
  }

  #all(): AgentConnection[] {
    return [...this.#bySession.values()];
  }
}
