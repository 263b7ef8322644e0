import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import { boundFetch } from '../outbound/bound-fetch.ts';
import type { BoundFetch } from '../outbound/bound-fetch.ts';
import { AuditApi } from './audit-api.ts';
import type { CheckpointParts } from './checkpoints.ts';
import { AuditExport } from './export.ts';
import { Sequencer } from './sequencer.ts';
import type { AuditSettings } from './settings.ts';
import type { DeliveryParts } from './sinks/delivery.ts';
import { SinksApi } from './sinks/sinks-api.ts';
import { testSink } from './sinks/test-sink.ts';
import { Verification } from './verification.ts';
import { cellWitnessesLoop } from './witnesses/cell-witnesses.ts';
import { readWitnesses } from './witnesses/repository-witnesses.ts';
import { WitnessesApi } from './witnesses/witnesses-api.ts';

const HOUR_MS = 3_600_000;
/** For whoever waits: a finished run for its evidence. */
const WANTED_MS = 2_000;

export interface AuditTrailConfig {
  readonly audit: AuditSettings;
  /** Whether sinks and witnesses may be stand-ins on this machine. */
  readonly standIns: boolean;
  readonly privateHosts: readonly string[];
}

/** The audit of the cell: sealed, signed, and there to be read. */
export class AuditTrail {
  readonly #sequencer: Sequencer;
  readonly #api: AuditApi;
  readonly #export: AuditExport;
  readonly #verification: Verification;
  readonly #witnesses: WitnessesApi;
  readonly #sinks: SinksApi;
  readonly #delivery: DeliveryParts;
  readonly #cellWitnesses: Loop;

  constructor(parts: CheckpointParts & { readonly log: Logger }, { audit: settings, standIns, privateHosts }: AuditTrailConfig) {
    const fetchTo = (url: string): BoundFetch => boundFetch({ origin: new URL(url).origin, allowLoopback: standIns, privateHosts });
    this.#sequencer = new Sequencer({
      ...parts, fetchTo, pace: { grown_ms: settings.checkpoint_s * 1_000, idle_ms: HOUR_MS, wanted_ms: Math.min(WANTED_MS, settings.checkpoint_s * 1_000), lock_days: settings.objectLock_days },
    });
    this.#api = new AuditApi(parts.database);
    this.#export = new AuditExport(parts);
    this.#verification = new Verification({ ...parts, witnessesOf: async (tenantId) => (await parts.database.forTenant(tenantId, (tx) => readWitnesses(tx, tenantId))).map(({ vkey }) => vkey) });
    this.#witnesses = new WitnessesApi({ ...parts, standInsAllowed: standIns });
    this.#sinks = new SinksApi({ ...parts, standInsAllowed: standIns });
    this.#delivery = { ...parts, fetchTo };
    this.#cellWitnesses = cellWitnessesLoop({ ...parts, witnessesFile: settings.witnessesFile, standInsAllowed: standIns });
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
      listWitnesses: (call) => this.#witnesses.listWitnesses(call),
      createWitness: (call) => this.#witnesses.createWitness(call),
      deleteWitness: (call) => this.#witnesses.deleteWitness(call),
      listSinks: (call) => this.#sinks.listSinks(call),
      createSink: (call) => this.#sinks.createSink(call),
      updateSink: (call) => this.#sinks.updateSink(call),
      deleteSink: (call) => this.#sinks.deleteSink(call),
      testSink: (call) => testSink(call, this.#delivery),
    } satisfies Partial<Handlers>;
  }

  start(): void {
    this.#sequencer.start();
    this.#cellWitnesses.start();
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
    await Promise.all([this.#sequencer.stop(), this.#cellWitnesses.stop()]);
  }
}
