import { governedReads } from '@countersign/connectors/gateway/governed-reads.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { Connector, Reconciler } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Leases } from '../dispatch/leases.ts';
import { failLostCalls } from '../dispatch/repository-lost-calls.ts';
import { RunQuotas } from '../limits/run-quotas.ts';
import type { Tenants } from '../loops/tenants.ts';
import { appendFound, findDueInstances, leasePoll, releasePoll, storePoll } from './queries.ts';
import type { DueInstance, PollLease } from './queries.ts';
import { readFound } from './read-found.ts';
import { beginSystemRun, systemIdentity } from './system-run.ts';

export interface ReconcilerOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly gateway: Gateway;
  readonly connectors: readonly Connector[];
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly onFound: () => void;
}

/** Finds events whose webhook was lost: polls every instance whose connector knows how, one worker at a time, through the gateway. */
export class ReconcilerLoop {
  readonly #options: ReconcilerOptions;
  readonly #reconcilers: ReadonlyMap<string, { readonly connector: Connector; readonly reconciler: Reconciler }>;
  /** Instances that are not polled for want of quota: it is said when that begins. */
  readonly #held = new Set<string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#reconcilers = new Map(options.connectors.flatMap((connector) => connector.reconciler ? [[connector.manifest.name, { connector, reconciler: connector.reconciler }]] : []));
  }

  async turn(): Promise<void> {
    const { database, tenants, log, everyMs } = this.#options;
    const { due, quotas } = await database.forTenants(await tenants.ids(), async (tx) => {
      const found = await findDueInstances(tx, [...this.#reconcilers.keys()], everyMs);
      return { due: found, quotas: await RunQuotas.read(tx, found) };
    });
    for (const instance of due) {
      if (this.#isHeld(instance, quotas)) continue;
      await this.#poll(instance).catch((error: unknown) => {
        if (error instanceof StaleLeaseError) return;
        log.warn({ instance: instance.instance_name, ...(error instanceof ConnectorError ? { code: error.code, reason: error.message } : { err: error }) }, 'an instance could not be polled; it is tried again');
      });
    }
  }

  /** What is not looked for now is found later: where there is no quota for another run, nothing is lost by waiting. */
  #isHeld(instance: DueInstance, quotas: RunQuotas): boolean {
    const quota = quotas.usedUp(instance, 1);
    if (quota === null) {
      this.#held.delete(instance.instance_id);
    } else if (!this.#held.has(instance.instance_id)) {
      this.#held.add(instance.instance_id);
      this.#options.log.warn({ instance: instance.instance_name, code: 'quota_exceeded', reason: quota.message }, 'an instance is not polled until there is quota for another run');
    }
    return quota !== null;
  }

  async #poll(instance: DueInstance): Promise<void> {
    const { database, leases, clock, worker, leaseMs } = this.#options;
    const lease = await database.forTenant(instance.tenant_id, async (tx) => {
      await beginSystemRun(tx, instance, worker, clock.now());
      const taken = await leasePoll(tx, instance, worker, leaseMs);
      // Whoever held it before is gone; so is what it was reading.
      if (taken !== undefined) await failLostCalls(tx, [{ tenantId: instance.tenant_id, runId: taken.run_id, stepId: taken.step_id, fence: taken.fence }], { kind: 'worker', id: worker }, clock.now());
      return taken;
    });
    if (lease === undefined) return;
    const held = leases.hold({ tenantId: instance.tenant_id, stepId: lease.step_id, fence: lease.fence });
    try {
      await this.#pollUnder(instance, lease, held.lost);
    } finally {
      held.release();
      await database.forTenant(instance.tenant_id, (tx) => releasePoll(tx, instance.tenant_id, lease));
    }
  }

  async #pollUnder(instance: DueInstance, lease: PollLease, lost: AbortSignal): Promise<void> {
    const { database, clock, gateway, onFound } = this.#options;
    const { connector, reconciler } = this.#reconcilers.get(instance.connector)!;
    const triggers = reconciler.events.flatMap((event) => {
      const trigger = connector.manifest.triggers?.[event];
      return trigger === undefined ? [] : [{ event, trigger }];
    });
    const { cursor, found } = await reconciler.poll({
      instance: { id: instance.instance_id, name: instance.instance_name, settings: instance.settings },
      now: () => clock.now(),
      call: governedReads({ gateway, identity: systemIdentity(instance, lease, `poll-${lease.fence}`), instanceName: instance.instance_name, signal: lost }),
    }, instance.cursor);
    const deliveries = found.flatMap((payload) => triggers.map(({ event, trigger }) => readFound(event, trigger, payload))).filter((delivery) => delivery !== null);
    const isNew = await database.forTenant(instance.tenant_id, async (tx) => {
      const stored = await storePoll(tx, instance, lease, cursor, deliveries);
      if (stored === null) throw new StaleLeaseError(lease.step_id, lease.fence);
      const events = deliveries.filter(({ id }) => stored.includes(id)).map((delivery) =>
        this.#event(instance, 'delivery.accepted', { kind: 'delivery', id: delivery.id }, null, { source: 'reconciler', event: delivery.event, dedupe_key: delivery.dedupe_key, payload_digest: digestOf(delivery.payload) }));
      await appendFound(tx, events, clock.now());
      return stored.length > 0;
    });
    if (isNew) onFound();
  }

  #event(instance: DueInstance, type: NewAuditEvent['type'], subject: NewAuditEvent['subject'], runId: string | null, data: NewAuditEvent['data']): NewAuditEvent {
    return { type, subject, data, run_id: runId, tenant_id: instance.tenant_id, workspace_id: instance.workspace_id, actor: { kind: 'worker', id: this.#options.worker } };
  }
}
