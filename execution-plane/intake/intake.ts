import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import { ExecutionError } from '../errors.ts';
import type { Tenants } from '../loops/tenants.ts';
import { Batch } from './batch.ts';
import type { BatchDone } from './batch.ts';
import { isPassing } from './passing-faults.ts';
import { countDeliveryAttempt, lockDelivery, takeDeliveries } from './queries.ts';
import type { DeliveryRow } from './queries.ts';

export interface IntakeOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly contents: Contents;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
}

/** Deliveries of one transaction. */
const BATCH = 100;

/** How often a delivery is tried by itself. One that has taken its worker down so often is dropped. */
export const MAX_DELIVERY_ATTEMPTS = 3;

/** Makes runs of accepted deliveries, many in one transaction that also says what became of each, so it happens once. */
export class Intake {
  readonly #options: IntakeOptions;
  /** Where there are more tenants than fit into a batch, the next one goes on behind this one. */
  #after = '';

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Handles what has been accepted. Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants } = this.#options;
    let taken: readonly DeliveryRow[] = [];
    try {
      const tenantIds = await tenants.ids();
      const done = await database.forTenants(tenantIds, async (tx) => {
        taken = await takeDeliveries(tx, BATCH, this.#after);
        return this.#batch(tx).start(taken);
      });
      this.#tell(done);
      return this.#mayBeMore(taken, done);
    } catch (error) {
      if (isPassing(error) || taken.length === 0) throw error;
      // One of them is bad: which one shows when each is tried by itself, and the others are not held up by it.
      for (const delivery of taken) await this.#alone(delivery);
      return true;
    }
  }

  async #alone({ tenant_id, id }: DeliveryRow): Promise<void> {
    const { database, log } = this.#options;
    const attempts = await database.forTenant(tenant_id, (tx) => countDeliveryAttempt(tx, tenant_id, id));
    if (attempts === undefined) return;
    try {
      if (attempts > MAX_DELIVERY_ATTEMPTS) throw new ExecutionError('delivery_attempts_exhausted', `The delivery was tried ${MAX_DELIVERY_ATTEMPTS} times and its worker never came to an end with it.`);
      this.#tell(await this.#withLocked(tenant_id, id, (batch, delivery) => batch.start([delivery])));
    } catch (error) {
      if (isPassing(error)) throw error;
      // A delivery that cannot become a run never will: it is dropped with a reason, not tried for ever.
      log.error({ err: error, delivery_id: id }, 'a delivery could not become a run and is dropped');
      await this.#withLocked(tenant_id, id, (batch, delivery) => batch.drop(delivery, error instanceof ExecutionError ? error.code : 'not_startable'));
    }
  }

  #withLocked<T>(tenantId: string, id: string, work: (batch: Batch, delivery: DeliveryRow) => Promise<T>): Promise<T | undefined> {
    return this.#options.database.forTenant(tenantId, async (tx) => {
      const delivery = await lockDelivery(tx, tenantId, id);
      return delivery === undefined ? undefined : work(this.#batch(tx), delivery);
    });
  }

  #batch(tx: ConstructorParameters<typeof Batch>[0]): Batch {
    return new Batch(tx, this.#options.clock.now(), this.#options);
  }

  #tell(done: BatchDone | undefined): void {
    if (done === undefined || done.made.length === 0) return;
    for (const { id, delivery } of done.made) this.#options.changes.changed({ tenant_id: delivery.tenant_id, workspace_id: delivery.workspace_id, kind: 'run', id, state: 'queued' });
    this.#options.changes.stepsReady();
  }

  #mayBeMore(taken: readonly DeliveryRow[], { handled }: BatchDone): boolean {
    const tenants = new Set(taken.map((delivery) => delivery.tenant_id));
    const wasFrom = this.#after;
    this.#after = tenants.size >= BATCH ? [...tenants].toSorted().at(-1) ?? '' : '';
    return (taken.length > 0 && (handled < taken.length || taken.length >= BATCH / Math.max(tenants.size, 1))) || (taken.length === 0 && wasFrom !== '');
  }
}
