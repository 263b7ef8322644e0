import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import type { StepDefinition, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { seededFiles } from '@countersign/platform/opa/bundle/testing.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import { Listener, notify } from '@countersign/platform/postgres/listener.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { WorkerConfig } from '../config.ts';
import { startWorker } from '../wiring.ts';
import type { RunningWorker } from '../wiring.ts';
import { ledger } from './ledger-connector.ts';
import { LedgerServer } from './ledger-server.ts';
import { answer, insertBundle, insertCommand, insertDelivery, readRuns, seedBundleKey, seedInstance, seedPlace, seedTenant, seedWorkflow, vote } from './queries.ts';
import type { PlaceIds, RunSnapshot } from './queries.ts';

const FAST_RETRY = { max_attempts: 3, backoff: 'fixed', initial_ms: 10, max_ms: 100 } as const;

/** Reads a record, then changes it: the second step needs a person. */
export const TRIAGE: WorkflowDefinition = {
  api_version: 'countersign.dev/v1', name: 'triage', description: '', trigger: { connector: 'ledger', event: 'record.created' }, models: {},
  steps: [
    step({ id: 'read', uses: 'ledger/record.get', with: { id: '${{ trigger.id }}' } }),
    step({ id: 'change', uses: 'ledger/record.update', with: { id: '${{ trigger.id }}', category: '${{ steps.read.output.title }}' }, needs: ['read'], if: "steps.read.output.title != 'leave me'" }),
    step({ id: 'check', uses: 'ledger/record.get', with: { id: '${{ steps.change.output.id }}' }, needs: ['change'] }),
  ],
};

export function step(given: Partial<StepDefinition> & Pick<StepDefinition, 'id' | 'uses'>): StepDefinition {
  return { instance: null, with: {}, if: null, needs: [], retry: FAST_RETRY, timeout_ms: 20_000, ...given };
}

/** A tenant with a signed policy, a system of record behind a real socket, and workers on a database of their own. */
export class Plant {
  readonly ids: PlaceIds = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment'), personId: newId('principal'), instanceId: newId('connector_instance') };
  readonly ledger = new LedgerServer();
  readonly database: TestDatabase;
  readonly folder: string;
  readonly #workers = new Set<{ stop(): Promise<void> }>();
  readonly #listener: Listener;
  readonly #waiting = new Set<() => void>();
  readonly #beside: Plant[] = [];

  private constructor(database: TestDatabase, folder: string) {
    this.database = database;
    this.folder = folder;
    this.#listener = new Listener(database.executionUrl, { countersign_changes: () => this.#look() }, () => undefined);
  }

  /** `adminUrl`: of a PostgreSQL, outside of a test run. */
  static async open(workflows: readonly WorkflowDefinition[] = [TRIAGE], adminUrl?: string): Promise<Plant> {
    const plant = new Plant(await createTestDatabase(adminUrl), await mkdtemp(path.join(tmpdir(), 'countersign-plant-')));
    await plant.#seed(workflows);
    await plant.#listener.start();
    return plant;
  }

  /** Another tenant in the same cell, for the same workers. It is closed with this one. */
  async openBeside(workflows: readonly WorkflowDefinition[] = [TRIAGE]): Promise<Plant> {
    const plant = new Plant(this.database, this.folder);
    await plant.#seed(workflows);
    await plant.#listener.start();
    this.#beside.push(plant);
    return plant;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await Promise.all([this, ...this.#beside].flatMap((plant) => [plant.#listener.stop(), plant.ledger.close()]));
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** With the keys of its workers, to open what they sealed. */
  async withKeys<T>(work: (keys: Keys) => Promise<T>): Promise<T> {
    const ring = await openKeys(this.config().keys, { databaseUrl: this.database.executionUrl });
    try {
      return await work(ring.keys);
    } finally {
      await ring.close();
    }
  }

  config(changes: Partial<WorkerConfig> = {}): WorkerConfig {
    return {
      databaseUrl: this.database.executionUrl, objectsFolder: path.join(this.folder, 'objects'), keys: { root: { kind: 'file', file: path.join(this.folder, 'key') }, also: [] }, workerId: `worker-${this.#workers.size + 1}`,
      concurrency: 4, leaseMs: 2_000, policyRefreshMs: 60_000, policyTtlMs: 600_000, policyThreads: 2, reconcileMs: 0, retentionDays: 14, drainMs: 2_000, logLevel: 'silent', connectorsFolder: null, queue: null, pollMs: null, ...changes,
    };
  }

  async startWorker(changes: Partial<WorkerConfig> = {}): Promise<RunningWorker> {
    const worker = await startWorker(this.config(changes), [ledger]);
    const tracked: RunningWorker = { metricsUrl: worker.metricsUrl, stop: async () => { if (this.#workers.delete(tracked)) await worker.stop(); } };
    this.#workers.add(tracked);
    return tracked;
  }

  /** Signs and publishes a bundle as the control plane does, and tells the workers. `rowSeq`: what the table says of it, where that is a lie. */
  async publishPolicy(files: BundleFiles, bundle: { seq: number; rowSeq?: number; environmentId?: string; mode?: BundleMode }): Promise<void> {
    const { tenantId, workspaceId } = this.ids;
    const { seq, rowSeq = seq, environmentId = this.ids.environmentId, mode = 'enforce' } = bundle;
    const scope = bundleScope(environmentId, mode);
    const keys = await FileKeys.open(path.join(this.folder, 'key'), { create: false });
    const now_s = Math.floor(Date.now() / 1000);
    const claims = { tenant: tenantId, scope, seq, jti: 'bdl_test', iat: now_s, nbf: now_s - 60, exp: now_s + 3600 };
    const { bytes, digest } = await signBundle({ files, key: await keys.signingKey(tenantId, 'policy_bundle'), claims });
    const objectKey = `bundles/${digest.replace(':', '-')}`;
    await new FolderObjects(path.join(this.folder, 'objects')).put(objectKey, bytes);
    await this.database.control.forTenant(tenantId, (tx) => insertBundle(tx, tenantId, { scope, seq: rowSeq, digest, objectKey }));
    await notify(this.database.control.pool, CHANGES_CHANNEL, JSON.stringify({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'policy', id: scope, state: 'signed' } satisfies Change));
  }

  /** A record in the system of record, and the event of its creation. */
  async raise(title: string, id = `rec-${this.ledger.records.size + 1}`): Promise<string> {
    this.ledger.records.set(id, { id, title, category: 'none', version: 0 });
    await this.deliver({ id, title, version: 0, operation: 'create', by: 'somebody' });
    return id;
  }

  /** Gives whether the delivery is new. Tells the workers after the commit, as the control plane does. */
  async deliver(payload: { id: string; title: string; version: number; [field: string]: unknown }): Promise<boolean> {
    const isNew = await this.database.execution.forTenant(this.ids.tenantId, (tx) => insertDelivery(tx, this.ids, {
      id: newId('delivery'), subject: payload.id, dedupeKey: `${payload.id}:${payload.version}`, source: 'webhook', payload, connector: 'ledger', event: 'record.created' }));
    await notify(this.database.control.pool, 'countersign_deliveries');
    return isNew;
  }

  async vote(approvalId: string, decision: 'approve' | 'reject' = 'approve'): Promise<void> {
    await this.database.control.forTenant(this.ids.tenantId, (tx) => vote(tx, this.ids, approvalId, newId('vote'), decision));
    await notify(this.database.control.pool, 'countersign_approvals', approvalId);
  }

  /** What a person says became of an effect that nobody could tell about. */
  async answer(approvalId: string, said: 'happened' | 'did_not_happen'): Promise<void> {
    await this.database.control.forTenant(this.ids.tenantId, (tx) => answer(tx, this.ids, approvalId, newId('vote'), said));
    await notify(this.database.control.pool, 'countersign_approvals', approvalId);
  }

  async command(runId: string, kind: 'cancel' | 'redrive' | 'pause' | 'resume'): Promise<void> {
    await this.database.control.forTenant(this.ids.tenantId, (tx) => insertCommand(tx, this.ids, { id: newId('command'), runId, kind }));
    await notify(this.database.control.pool, 'countersign_commands');
  }

  runs(): Promise<RunSnapshot[]> {
    return this.database.execution.forTenant(this.ids.tenantId, (tx) => readRuns(tx, this.ids.tenantId));
  }

  /** The only run, once `is` holds of it. Looks again whenever a run or an approval changes. */
  async untilRun(is: (run: RunSnapshot) => boolean): Promise<RunSnapshot> {
    return (await this.until(async () => { const [run] = await this.runs(); return run !== undefined && is(run) ? [run] : null; }))[0]!;
  }

  /** What `look` gives once it gives something. */
  async until<T>(look: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        // A notification may be lost; the timer is the net, as it is for the workers.
        const timer = setTimeout(() => { this.#waiting.delete(done); resolve(); }, 200);
        const done = (): void => { clearTimeout(timer); resolve(); };
        this.#waiting.add(done);
      });
      const found = await look();
      if (found !== null) return found;
      await changed;
    }
  }

  #look(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #seed(workflows: readonly WorkflowDefinition[]): Promise<void> {
    const { tenantId } = this.ids;
    const host = `127.0.0.1:${await this.ledger.listen()}`;
    const keys = await FileKeys.open(path.join(this.folder, 'key'), { create: true });
    const signing = await keys.signingKey(tenantId, 'policy_bundle');
    await this.database.control.forTenant(tenantId, async (tx) => {
      await seedTenant(tx, tenantId, `plant-${tenantId.slice(-8)}`);
      await seedPlace(tx, this.ids);
      await seedInstance(tx, this.ids, { connector: 'ledger', version: ledger.manifest.version, digest: ledger.manifestDigest, manifest: ledger.manifest, baseUrl: `http://${host}`, host, name: 'books' });
      for (const definition of workflows) await seedWorkflow(tx, this.ids, { id: newId('workflow'), name: definition.name, definition });
      await seedBundleKey(tx, tenantId, signing);
    });
    await this.publishPolicy(await seededFiles(), { seq: 1 });
  }
}
