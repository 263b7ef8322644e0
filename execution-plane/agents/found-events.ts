import type { EntryBodies } from '@countersign/contracts/agent/spool-entry.ts';
import type { OrderWatch } from '@countersign/contracts/agent/work-order.ts';
import type { Connector, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { readFound } from '../reconciler/read-found.ts';
import { appendEvents } from '../store/repository-events.ts';
import type { EntrySource } from './entry-event.ts';
import { readInstancePlace, storeFoundEvents } from './repository-found.ts';

/** What agents find by watching, as deliveries: what a webhook, or another agent, has brought before is not brought again. */
export class FoundEvents {
  readonly #triggers: ReadonlyMap<string, OrderWatch['triggers']>;

  constructor(connectors: readonly Connector[]) {
    this.#triggers = new Map(connectors.map((connector) => [connector.manifest.name, watchedTriggers(connector)]));
  }

  /** Connectors that know how to look for events. */
  connectors(): readonly string[] {
    return [...this.#triggers].filter(([, triggers]) => triggers.length > 0).map(([name]) => name);
  }

  triggersOf(connector: string): OrderWatch['triggers'] {
    return this.#triggers.get(connector) ?? [];
  }

  /** Gives how many were new. */
  async store(tx: Transaction, source: EntrySource, { instance_id, cursor, payloads }: EntryBodies['trigger.found'], now: Date): Promise<number> {
    const place = await readInstancePlace(tx, source.tenantId, instance_id);
    if (place === undefined) return 0;
    const deliveries = payloads.flatMap((payload) => this.triggersOf(place.connector).map(({ event, trigger }) => readFound(event, trigger, payload as JsonObject))).filter((delivery) => delivery !== null);
    const fresh = new Set(await storeFoundEvents(tx, source.tenantId, instance_id, place, deliveries, cursor));
    await appendEvents(tx, deliveries.filter(({ id }) => fresh.has(id)).map((delivery): NewAuditEvent => ({
      type: 'delivery.accepted', tenant_id: source.tenantId, workspace_id: place.workspace_id, run_id: null, actor: { kind: 'agent', id: source.agentId }, subject: { kind: 'delivery', id: delivery.id },
      data: { source: 'reconciler', event: delivery.event, dedupe_key: delivery.dedupe_key, payload_digest: digestOf(delivery.payload) },
    })), now);
    return fresh.size;
  }
}

/** Events that the connector's reconciler finds. */
function watchedTriggers({ manifest, reconciler }: Connector): OrderWatch['triggers'] {
  return (reconciler?.events ?? []).flatMap((event) => {
    const trigger = manifest.triggers?.[event];
    return trigger === undefined ? [] : [{ event, trigger }];
  });
}
