/**
 * A business rule of the customer's own, switched on by the control API: whenever the integration user (or whoever is named) changes an
 * incident, it changes the same incident once more, as `system`. With an integration that answers every change, that is how records go
 * round on real instances.
 */
import type { Principal } from './principals.ts';
import type { WriteContext, WrittenRecord } from './record-writes.ts';
import { updateRecord } from './record-writes.ts';

export interface TouchOrder {
  /** Whose updates it answers. */
  readonly user: string;
  /** Left out, every incident. */
  readonly sysId?: string | undefined;
}

const SYSTEM: Principal = { user_name: 'system', roles: ['admin', 'itil'], journal_access: 'read' };

export class TouchRule {
  #order: TouchOrder | undefined;
  #touches = 0;

  get state(): { readonly user: string | null; readonly touches: number } {
    return { user: this.#order?.user ?? null, touches: this.#touches };
  }

  set(order: TouchOrder | undefined): void {
    this.#order = order;
    this.#touches = 0;
  }

  /** As an asynchronous rule: after the write has been answered. */
  afterWrite(context: WriteContext, { table, operation, row }: WrittenRecord): void {
    const order = this.#order;
    if (order === undefined || table !== 'incident' || operation !== 'update' || row['sys_updated_by'] !== order.user) return;
    if (order.sysId !== undefined && row['sys_id'] !== order.sysId) return;
    this.#touches += 1;
    const watchList = `touched ${this.#touches} times`;
    const sysId = row['sys_id'] ?? '';
    setImmediate(() => {
      if (context.store.get('incident', sysId) === undefined) return;
      updateRecord(context, { principal: SYSTEM, table: 'incident', sysId, values: { watch_list: watchList } });
    });
  }
}
