import type { Logger } from '@countersign/platform/log/logger.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';
import { carryOut } from './replay.ts';
import type { ReplayParts } from './replay.ts';
import { claimReplay } from './repository-progress.ts';
import type { ClaimedReplay } from './repository-progress.ts';

export interface ReplayLoopParts extends ReplayParts {
  readonly log: Logger;
}

/** Tenants whose replays run at the same time in this process: each takes a thread for its policy. */
const MAX_AT_ONCE = 2;
/** Nobody is told when another process dies: its replays are found by looking. */
const IDLE_MS = 2_000;

/** Looks for replays that wait or were left lying, and carries them out: one at a time for each tenant. */
export class ReplayLoop {
  readonly #parts: ReplayLoopParts;
  readonly #loop: Loop;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: ReplayLoopParts) {
    this.#parts = parts;
    this.#loop = new Loop({ name: 'policy replays', idle_ms: IDLE_MS, busy_ms: 0, log: parts.log }, () => this.#turn());
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Resolves when nothing runs any more. What had not ended goes on wherever it is claimed next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
    await Promise.all(this.#running);
  }

  async #turn(): Promise<boolean> {
    const { database, log } = this.#parts;
    return forEveryTenant(database, log, async (tenantId) => {
      if (this.#running.size >= MAX_AT_ONCE || this.#stopping.signal.aborted) return false;
      const replay = await this.#claim(tenantId);
      if (replay === undefined) return false;
      this.#begin(tenantId, replay);
      return true;
    });
  }

  /** Two processes at once: one of them wins. */
  #claim(tenantId: string): Promise<ClaimedReplay | undefined> {
    return this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<ClaimedReplay>(claimReplay, [tenantId])).catch((error: unknown) => {
      if (violates(error, 'one_replay_at_a_time')) return undefined;
      throw error;
    });
  }

  #begin(tenantId: string, replay: ClaimedReplay): void {
    const running = carryOut(this.#parts, tenantId, replay, this.#stopping.signal)
      .catch((error: unknown) => this.#parts.log.error({ err: error, tenant_id: tenantId, replay_id: replay.id }, 'a replay broke off; it goes on when its lease has run out'))
      .finally(() => {
        this.#running.delete(running);
        this.#loop.wake();
      });
    this.#running.add(running);
  }
}
