import { agentHintOf } from '@countersign/contracts/agent/hint.ts';
import type { Situation } from '@countersign/connectors/gateway/ports.ts';
import type { RemotePlace } from '@countersign/connectors/gateway/remote-place.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Journals } from '../commit/journals.ts';
import type { Tenants } from '../loops/tenants.ts';
import type { Settlement } from './apply-entries.ts';
import { FoundEvents } from './found-events.ts';
import { Inbox } from './inbox.ts';
import { KnownAgents } from './known-agents.ts';
import type { OrderFactsParts } from './order-facts.ts';
import { OrderWaits } from './order-waits.ts';
import { toldOf } from './outcomes-at-rest.ts';
import { AgentPlace } from './remote-place.ts';
import { readWaitedFor } from './repository-agents.ts';
import { endBodies, expireOrders } from './repository-ends.ts';
import { findBehind } from './repository-inbox.ts';
import { Watches } from './watches.ts';
import type { OrderParts } from './write-order.ts';

export interface AgentsParts extends OrderParts, OrderFactsParts {
  readonly tenants: Tenants;
  readonly situation: Situation;
  readonly journals: Journals;
  readonly connectors: readonly Connector[];
  readonly log: Logger;
  readonly leaseMs: number;
  /** How often an agent is to look for events; 0: none does. */
  readonly watchMs: number;
  /** Events were found that start runs. */
  readonly onFound: () => void;
}

/** Between two looks, where no notification came. */
export const AGENTS_EVERY_MS = 500;
const LONGEST_REST_MS = 30_000;
/** How long what an agent delivered is kept after it was made true. */
const KEPT_MS = 3_600_000;

interface Taking {
  /** Something was delivered after it had begun. */
  again: boolean;
  done: Promise<void>;
}

/** What a worker has to do with agents: it gives them orders, takes in what they deliver, and has them look for events. */
export class Agents {
  readonly remote: RemotePlace;
  readonly #parts: AgentsParts;
  readonly #waits = new OrderWaits();
  readonly #inbox: Inbox;
  readonly #watches: Watches;
  /** Agents whose deliveries are being taken in here. */
  readonly #taking = new Map<string, Taking>();
  /** Agents whose next entry could not be taken in, until when that is not tried again (`performance.now()`). */
  readonly #resting = new Map<string, { readonly failures: number; readonly until: number }>();

  constructor(parts: AgentsParts) {
    this.#parts = parts;
    const found = new FoundEvents(parts.connectors);
    this.remote = new AgentPlace({ ...parts, agents: new KnownAgents(parts.database), waits: this.#waits });
    this.#inbox = new Inbox({ ...parts, found });
    this.#watches = new Watches({ ...parts, found, everyMs: parts.watchMs });
  }

  /** A notification of `AGENTS_CHANNEL`. Gives whether it is for the loop: what somebody here waits for is looked at at once. */
  heard(payload: string): boolean {
    const hint = agentHintOf(payload);
    if (hint === null || hint.about === 'order') return false;
    if (hint.about === 'state' || !this.#waits.isWaitingFor(hint.agent_id)) return true;
    void this.#take(hint.tenant_id, hint.agent_id).catch((error: unknown) => this.#parts.log.warn({ err: error, agent_id: hint.agent_id }, 'what an agent delivered could not be taken in; it is tried again'));
    return false;
  }

  /** Takes in whatever was delivered, and looks how everything stands that is waited for. */
  async turn(): Promise<boolean> {
    const { database, tenants, log } = this.#parts;
    const behind = await database.forTenants(await tenants.ids(), findBehind);
    for (const { tenant_id, agent_id } of behind) {
      if ((this.#resting.get(agent_id)?.until ?? 0) > performance.now()) continue;
      // One agent's entry that cannot be taken in does not keep those of others.
      await this.#take(tenant_id, agent_id).catch((error: unknown) => {
        this.#rest(agent_id);
        log.error({ err: error, agent_id }, 'what an agent delivered could not be taken in; it is tried again');
      });
    }
    await this.#lookAfterWaits();
    return false;
  }

  /** Resolves when nothing is being taken in any more. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#taking.values()].map(({ done }) => done));
  }

  watch(): Promise<void> {
    return this.#watches.turn();
  }

  /** Ends orders that nobody can begin any more, and the content of what was made true long ago. */
  async tidy(): Promise<boolean> {
    const { database, tenants } = this.#parts;
    return database.forTenants(await tenants.ids(), async (tx) => {
      await expireOrders(tx);
      return endBodies(tx, KEPT_MS);
    });
  }

  /** All that the agent has delivered, and what it delivers while this runs. */
  #take(tenantId: string, agentId: string): Promise<void> {
    const underWay = this.#taking.get(agentId);
    if (underWay !== undefined) {
      underWay.again = true;
      return underWay.done;
    }
    const taking: Taking = { again: false, done: Promise.resolve() };
    this.#taking.set(agentId, taking);
    taking.done = this.#takeAll(tenantId, agentId, taking).finally(() => this.#taking.delete(agentId));
    return taking.done;
  }

  async #takeAll(tenantId: string, agentId: string, taking: Taking): Promise<void> {
    do {
      taking.again = false;
      for (let taken = await this.#inbox.take(tenantId, agentId); taken !== null; taken = await this.#inbox.take(tenantId, agentId)) {
        for (const settlement of taken.settlements) this.#settle(settlement);
        if (taken.foundSome) this.#parts.onFound();
        this.#resting.delete(agentId);
      }
    } while (taking.again);
  }

  /** For longer each time: an entry that could not be taken in will hardly be a moment later. */
  #rest(agentId: string): void {
    const failures = (this.#resting.get(agentId)?.failures ?? 0) + 1;
    this.#resting.set(agentId, { failures, until: performance.now() + Math.min(AGENTS_EVERY_MS * 2 ** failures, LONGEST_REST_MS) });
  }

  #settle(settlement: Settlement): void {
    if (settlement.state === 'ended') this.#waits.settle(settlement.order.id, { kind: 'outcome', body: settlement.body });
    if (settlement.state === 'refused') this.#waits.settle(settlement.order.id, { kind: 'refused', refusal: settlement.refusal });
  }

  /** What another worker has taken in is settled here too; and whose agent is gone, nobody waits for. */
  async #lookAfterWaits(): Promise<void> {
    const { database, keys } = this.#parts;
    const waits = new Map(this.#waits.all().map((wait) => [wait.orderId, wait]));
    if (waits.size === 0) return;
    const rows = await database.forTenants([...new Set([...waits.values()].map(({ tenantId }) => tenantId))], (tx) => readWaitedFor(tx, [...waits.keys()]));
    for (const row of rows) {
      const told = await toldOf(keys, waits.get(row.id)!.tenantId, row);
      if (told !== null) this.#waits.settle(row.id, told);
      else if (row.revoked) this.#waits.lose(row.id, 'It was revoked');
      else if (row.seen_ms_ago > AGENT_LOST_MS) this.#waits.lose(row.id, `It has not been heard of for ${AGENT_LOST_MS / 1_000} s`);
    }
  }
}
