import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Handlers } from '../api/operation.ts';
import { AuditApi } from './audit-api.ts';
import type { CheckpointParts } from './checkpoints.ts';
import { AuditExport } from './export.ts';
import { Sequencer } from './sequencer.ts';
import type { AuditSettings } from './settings.ts';
import { Verification } from './verification.ts';

const HOUR_MS = 3_600_000;
/** For whoever waits: a finished run for its evidence. */
const WANTED_MS = 2_000;

/** The audit of the cell: sealed, signed, and there to be read. */
export class AuditTrail {
  readonly #sequencer: Sequencer;
  readonly #api: AuditApi;
  readonly #export: AuditExport;
  readonly #verification: Verification;

  constructor(parts: CheckpointParts & { readonly log: Logger }, settings: AuditSettings) {
    this.#sequencer = new Sequencer({
      ...parts, pace: { grown_ms: settings.checkpoint_s * 1_000, idle_ms: HOUR_MS, wanted_ms: Math.min(WANTED_MS, settings.checkpoint_s * 1_000), lock_days: settings.objectLock_days },
    });
    this.#api = new AuditApi(parts.database);
    this.#export = new AuditExport(parts);
    this.#verification = new Verification({ ...parts, witnessesOf: () => Promise.resolve([]) });
  }

  get handlers() {
    return {
      listAuditEvents: (call) => this.#api.listAuditEvents(call),
      exportAudit: (call) => this.#export.exportAudit(call),
      listCheckpoints: (call) => this.#api.listCheckpoints(call),
      getCheckpoint: (call) => this.#api.getCheckpoint(call),
      getInclusionProof: (call) => this.#api.getInclusionProof(call),
      getConsistencyProof: (call) => this.#api.getConsistencyProof(call),
      verifyAudit: (call) => this.#verification.verifyAudit(call),
    } satisfies Partial<Handlers>;
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
