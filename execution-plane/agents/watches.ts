import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import { ORDER_VALID_MS_MAX } from '@countersign/contracts/agent/work-order.ts';
import type { Situation } from '@countersign/connectors/gateway/ports.ts';
import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import type { AgentHint } from '@countersign/contracts/agent/hint.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { beginSystemRun, systemIdentity } from '../reconciler/system-run.ts';
import { leasePoll, releasePoll } from '../reconciler/queries.ts';
import type { Tenants } from '../loops/tenants.ts';
import type { FoundEvents } from './found-events.ts';
import { orderFacts } from './order-facts.ts';
import type { OrderFactsParts } from './order-facts.ts';
import { findUnwatched, writeWatch } from './repository-watches.ts';
import type { UnwatchedInstance } from './repository-watches.ts';
import { write } from './write-order.ts';
import type { OrderDraft, OrderParts, WrittenOrder } from './write-order.ts';

export interface WatchesParts extends OrderParts, OrderFactsParts {
  readonly tenants: Tenants;
  readonly situation: Situation;
  readonly found: FoundEvents;
  readonly log: Logger;
  readonly leaseMs: number;
  /** How often an agent is to look; 0: nobody watches. */
  readonly everyMs: number;
}

const VALID_MS = ORDER_VALID_MS_MAX.watch;

/**
 * Has an agent look for events of every instance that only agents reach: one standing order for each, renewed at half of its time, and given to another
 * agent where the one that has it is gone. Until the first is over both may look; what both find is one event.
 */
export class Watches {
  readonly #parts: WatchesParts;
  /** Instances that nobody can watch: it is said when that begins. */
  readonly #unwatched = new Set<string>();

  constructor(parts: WatchesParts) {
    this.#parts = parts;
  }

  async turn(): Promise<void> {
    const { database, tenants, found, everyMs, log } = this.#parts;
    if (everyMs === 0) return;
    const due = await database.forTenants(await tenants.ids(), (tx) => findUnwatched(tx, found.connectors(), VALID_MS / 2, AGENT_LOST_MS));
    for (const instance of due) {
      await this.#watch(instance).catch((error: unknown) => log.warn({ err: error, instance: instance.instance_name }, 'an instance could not be watched; it is tried again'));
    }
  }

  async #watch(instance: UnwatchedInstance): Promise<void> {
    const { database, notifier } = this.#parts;
    await database.forTenant(instance.tenant_id, (tx) => beginSystemRun(tx, instance, this.#parts.worker, this.#parts.clock.now()));
    const written = await database.forTenant(instance.tenant_id, (tx) => this.#order(tx, instance));
    if (written === null) return;
    if ('error' in written) return this.#noteUnwatched(instance, written.error.code, written.error.message);
    this.#unwatched.delete(instance.instance_id);
    const hint: AgentHint = { tenant_id: instance.tenant_id, agent_id: written.agentId, about: 'order', order_id: written.id };
    notifier.send(AGENTS_CHANNEL, JSON.stringify(hint), written.id);
  }

  /** Under the lease of the instance's own step, held for no longer than the order is written: its fence is the order's. Null: another worker is at it. */
  async #order(tx: Transaction, instance: UnwatchedInstance): Promise<Awaited<ReturnType<typeof write>> | null> {
    const { worker, leaseMs } = this.#parts;
    const lease = await leasePoll(tx, instance, worker, leaseMs);
    if (lease === undefined) return null;
    const written = await write(this.#parts, tx, await this.#draft(instance, systemIdentity(instance, lease, 'watch')));
    if (!('error' in written)) await writeWatch(tx, instance, written satisfies WrittenOrder);
    await releasePoll(tx, instance.tenant_id, lease);
    return written;
  }

  async #draft(instance: UnwatchedInstance, identity: OrderDraft['identity']): Promise<OrderDraft> {
    const { situation, found, everyMs } = this.#parts;
    const { instance_id: id, instance_name: name, connector, connector_version, manifest_digest, package_digest, settings } = instance;
    return {
      kind: 'watch', holder: identity, identity, pool: { id: instance.pool_id, name: instance.pool_name, orderValidMs: instance.order_valid_ms },
      instance: { id, name, connector, connector_version, manifest_digest, package_digest, settings }, action: `${connector}/watch`, risk: 'read', callId: null, actionDigest: null,
      sealed: { parameters: {}, labels: {}, action_text: null, content: {}, target: null }, situation: await situation.of(identity),
      facts: await orderFacts(this.#parts, identity, { action: `${connector}/watch`, instanceId: id }, null), decision: null, validMs: VALID_MS,
      watch: { every_ms: Math.min(Math.max(everyMs, 1_000), VALID_MS), cursor: instance.cursor, triggers: found.triggersOf(connector) },
    };
  }

  #noteUnwatched({ instance_id, instance_name }: UnwatchedInstance, code: string, reason: string): void {
    if (this.#unwatched.has(instance_id)) return;
    this.#unwatched.add(instance_id);
    this.#parts.log.warn({ instance: instance_name, code, reason }, 'nobody looks for events of an instance that only agents reach');
  }
}
