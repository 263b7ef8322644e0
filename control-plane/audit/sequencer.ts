import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { signCheckpoints } from './checkpoints.ts';
import type { CheckpointParts } from './checkpoints.ts';
import { openChains, trySealing } from './queries.ts';
import { sealChain } from './seal-chain.ts';

/** An event is sealed about this long after its commit, unless a notification makes it sooner. */
const IDLE_MS = 200;
const CHECKPOINT_MS = 1_000;

/** Seals pending audit events chain by chain, in order, and signs the heads. One loop each. */
export class Sequencer {
  readonly #sealing: Loop;
  readonly #signing: Loop;

  constructor(parts: CheckpointParts & { readonly log: Logger }) {
    const { database, log } = parts;
    this.#sealing = new Loop({ name: 'sequencer', idle_ms: IDLE_MS, busy_ms: 0, log }, () => forEveryTenant(database, log, (tenantId) => sealTenant(database, tenantId)));
    this.#signing = new Loop({ name: 'checkpoints', idle_ms: CHECKPOINT_MS, busy_ms: CHECKPOINT_MS, log }, () =>
      forEveryTenant(database, log, async (tenantId) => await signCheckpoints(tenantId, parts) > 0));
  }

  start(): void {
    this.#sealing.start();
    this.#signing.start();
  }

  /** Something was committed: look now. */
  wake(): void {
    this.#sealing.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#sealing.stop(), this.#signing.stop()]);
  }
}

/** Seals one batch of every chain of the tenant. Gives whether anything was sealed. */
export function sealTenant(database: Database, tenantId: string): Promise<boolean> {
  return database.forTenant(tenantId, async (tx) => {
    const { mine } = await tx.one<{ mine: boolean }>(trySealing, [tenantId]);
    if (!mine) return false;
    let sealed = 0;
    for (const { chain } of await tx.rows<{ chain: string }>(openChains, [tenantId])) sealed += await sealChain(tx, tenantId, chain);
    return sealed > 0;
  });
}
