import { setTimeout as pause } from 'node:timers/promises';
import type { CellEnd } from './cell-end.ts';
import { TenantMoveError } from './errors.ts';
import { underWay } from './repository-move.ts';
import type { UnderWay } from './repository-move.ts';

export interface RestOptions {
  /** Effects of which nobody knows whether they happened go along: their reconciliation is the other cell's. */
  readonly withUncertain: boolean;
  readonly drain_ms: number;
}

const LOOK_MS = 500;

/**
 * Waits until nothing of a suspended tenant moves: no worker holds a step, every event is sealed, and a checkpoint covers every chain.
 * @throws TenantMoveError `not_drained`, saying what has not come to rest
 */
export async function bringToRest(from: CellEnd, tenantId: string, { withUncertain, drain_ms }: RestOptions): Promise<void> {
  const until = performance.now() + drain_ms;
  for (;;) {
    const left = await from.database.forTenant(tenantId, (tx) => tx.one<UnderWay>(underWay, [tenantId]));
    if (left.uncertain > 0 && !withUncertain) {
      throw new TenantMoveError('not_drained', `The effects of ${left.uncertain} steps are not known. Wait until they are reconciled, or give --with-uncertain to let the other cell find out.`);
    }
    if (left.leases + left.unsealed + left.uncovered === 0) return;
    if (performance.now() > until) {
      throw new TenantMoveError('not_drained', `After ${Math.round(drain_ms / 1000)} s there are still ${left.leases} steps in the hands of workers, ${left.unsealed} events without a seal and ${left.uncovered} chains behind their checkpoint. Is the control plane of ${from.cell} running?`);
    }
    await pause(LOOK_MS);
  }
}
