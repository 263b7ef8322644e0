import { sealEvidence } from '@countersign/contracts/evidence/seal.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { composeEvidence } from './compose.ts';
import type { ActionTexts } from './compose.ts';
import { listDueRuns, listTenants, readRunRecord, storeEvidence } from './repository.ts';
import { endRetention } from './repository-content.ts';
import type { RunRecord } from './repository.ts';

export interface EvidenceBuilderOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a tenant's content is kept no longer than its run needs it (a retention of 0 days): then it is shredded once the run is proven. */
  readonly shredsAtEnd?: (tenantId: string) => Promise<boolean>;
  /** How long to rest when nothing was due. Sealing takes about a second, so shorter rests gain nothing. */
  readonly idleMs?: number;
  /** Told when a bundle is there, for live updates. */
  readonly onBuilt?: (run: RunRecord['run']) => void;
}

const BATCH = 20;
/** Nobody removes evidence before: as long as audit events are kept at least. */
const RETAINED_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Builds the evidence bundle of every finished run, once the audit events of the run are sealed and covered by a checkpoint.
 * Several builders may run: a run is locked while its bundle is built, and a bundle that was lost with its process is built again.
 */
export class EvidenceBuilder {
  readonly #options: EvidenceBuilderOptions;
  #stopping = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: EvidenceBuilderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#loop;
  }

  /** Builds what is due now, for every tenant; gives how many bundles that were. */
  async buildDue(): Promise<number> {
    const { database } = this.#options;
    let built = 0;
    for (const tenantId of await database.forNoTenant(listTenants)) {
      for (const runId of await database.forTenant(tenantId, (tx) => listDueRuns(tx, BATCH))) {
        if (this.#stopping) return built;
        if (await this.#buildOne(tenantId, runId)) built += 1;
      }
    }
    return built;
  }

  async #run(): Promise<void> {
    const { log, idleMs = 500 } = this.#options;
    while (!this.#stopping) {
      const built = await this.buildDue().catch((error: unknown) => {
        log.error({ err: error }, 'evidence could not be built; it will be tried again');
        return 0;
      });
      if (built === 0) await this.#rest(idleMs);
    }
  }

  async #buildOne(tenantId: string, runId: string): Promise<boolean> {
    const { database, objects, keys, clock, shredsAtEnd, onBuilt } = this.#options;
    const evidenceId = newId('evidence');
    const built = await database.forTenant(tenantId, async (tx) => {
      const record = await readRunRecord(tx, runId);
      if (record === undefined) return null;
      const builtAt = clock.now();
      const { archive, sha256, kid, statementSha256 } = await sealEvidence(
        composeEvidence(record, await this.#openActions(tenantId, record), evidenceId, builtAt), await signerNow(tx, keys, tenantId, 'evidence'));
      const objectKey = `t/${tenantId}/evidence/${runId}/${evidenceId}.zip`;
      await objects.put(objectKey, archive, { retainUntil: new Date(builtAt.getTime() + RETAINED_MS) });
      await storeEvidence(tx, { tenantId, id: evidenceId, runId, objectKey, sha256, sizeBytes: archive.length, kid, statementSha256 });
      if (await shredsAtEnd?.(tenantId) ?? false) await endRetention(tx, tenantId, runId);
      await appendAudit(tx, {
        at: clock.now(), type: 'evidence.built', tenant_id: tenantId, workspace_id: record.run.workspace_id,
        actor: { kind: 'system', id: 'evidence-builder' }, subject: { kind: 'evidence', id: evidenceId },
        run_id: null, // an event of the run would itself have to be in the bundle
        data: { run_id: runId, sha256, size_bytes: archive.length },
      });
      return record.run;
    });
    if (built !== null) onBuilt?.(built);
    return built !== null;
  }

  /** The canonical actions of the run's writes, from the approvals that carry them and are not shredded yet. */
  async #openActions(tenantId: string, record: RunRecord): Promise<ActionTexts> {
    const { keys } = this.#options;
    const texts = new Map<string, string>();
    for (const approval of record.approvals) {
      if (approval.action_sealed === null) continue;
      const opened = await keys.unseal(tenantId, 'approval', approval.id, approval.action_sealed);
      texts.set(approval.action_digest, Buffer.from(opened).toString('utf8'));
    }
    return texts;
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}
