import type { Logger } from '@countersign/platform/log/logger.ts';
import { AuditApi } from './audit-api.ts';
import type { CheckpointParts } from './checkpoints.ts';
import { Sequencer } from './sequencer.ts';
import type { AuditSettings } from './settings.ts';

const HOUR_MS = 3_600_000;
/** For whoever waits: a finished run for its evidence. */
const WANTED_MS = 2_000;

/** The audit of the cell: sealed, signed, and there to be read. */
export class AuditTrail {
  readonly api: AuditApi;
  readonly #sequencer: Sequencer;

  constructor(parts: CheckpointParts & { readonly log: Logger }, settings: AuditSettings) {
    this.api = new AuditApi(parts.database);
    this.#sequencer = new Sequencer({
      ...parts, pace: { grown_ms: settings.checkpoint_s * 1_000, idle_ms: HOUR_MS, wanted_ms: Math.min(WANTED_MS, settings.checkpoint_s * 1_000), lock_days: settings.objectLock_days },
    });
  }

  start(): void {
    this.#sequencer.start();
  }

  /** Something of this tenant was committed. Null: of somebody. */
  wake(tenantId: string | null): void {
    this.#sequencer.wake(tenantId);
  }

  /** Asks for a checkpoint behind what the chain has now: within about two seconds. */
  checkpointSoon(tenantId: string, chain: string): void {
    this.#sequencer.want(tenantId, chain);
  }

  async stop(): Promise<void> {
    await this.#sequencer.stop();
  }
}
