import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import { startOtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import type { OtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import { bootstrapTenant, newApiKey } from '../cell/bootstrap.ts';
import { CellProcess } from '../cell/child-process.ts';
import { ScratchCell } from '../chaos/scratch-cell.ts';

export interface CanaryCellOptions {
  /** Secrets of the tenant in the environment of the workers and the control plane, and in files. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** What the second worker is called: it is no secret, and must be found. */
  readonly worker: string;
}

/** A cell of its own with two workers, everything about it said as loudly as it can be: logs of every level, metrics, all traces. */
export class CanaryCell {
  readonly scratch: ScratchCell;
  readonly otlp: OtlpReceiver;
  readonly url: string;
  readonly tenantId: string;
  readonly apiKey: string;
  readonly controlPlane: CellProcess;
  readonly workers: readonly CellProcess[];

  private constructor(parts: Pick<CanaryCell, 'scratch' | 'otlp' | 'url' | 'tenantId' | 'apiKey' | 'controlPlane' | 'workers'>) {
    this.scratch = parts.scratch;
    this.otlp = parts.otlp;
    this.url = parts.url;
    this.tenantId = parts.tenantId;
    this.apiKey = parts.apiKey;
    this.controlPlane = parts.controlPlane;
    this.workers = parts.workers;
  }

  static async open({ env, files, worker }: CanaryCellOptions): Promise<CanaryCell> {
    const scratch = await ScratchCell.open();
    const [logsDir, keyFile, secretsDir] = [scratch.path('logs'), scratch.path('key'), scratch.path('secrets')];
    await mkdir(logsDir);
    await createKeyFile(keyFile);
    const access = { controlDatabaseUrl: scratch.url('countersign_control'), publicUrl: 'http://localhost:8080' };
    const { tenant_id } = await bootstrapTenant(access);
    await mkdir(path.join(secretsDir, tenant_id), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(secretsDir, tenant_id, name), text, { mode: 0o600 });
    const otlp = await startOtlpReceiver();
    const shared = {
      COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_OBJECTS_DIR: scratch.path('objects'), COUNTERSIGN_SECRETS_DIR: secretsDir, COUNTERSIGN_LOG_LEVEL: 'trace',
      COUNTERSIGN_OTLP_ENDPOINT: otlp.url, COUNTERSIGN_METRICS_PORT: '0', COUNTERSIGN_SLACK_STAND_INS: 'loopback',
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [`COUNTERSIGN_SECRET__${tenant_id}__${name}`, value])),
    };
    const child = (name: string, entry: string, more: Readonly<Record<string, string>>): CellProcess => new CellProcess({ name, entry, logsDir, verbose: false, say: () => undefined, env: { ...shared, ...more } });
    const controlPlane = child('control-plane', 'control-plane/main.ts', { COUNTERSIGN_CONTROL_DATABASE_URL: access.controlDatabaseUrl, COUNTERSIGN_PORT: '0' });
    const url = (await controlPlane.start()).listening ?? '';
    const apiKey = await newApiKey(access, 'canaries');
    const workers = ['worker-1', worker].map((id) => child(id, 'execution-plane/main.ts', {
      COUNTERSIGN_EXECUTION_DATABASE_URL: scratch.url('countersign_execution'), COUNTERSIGN_WORKER_ID: id, COUNTERSIGN_LEASE_MS: '2000', COUNTERSIGN_RECONCILE_SECONDS: '0', COUNTERSIGN_POLICY_THREADS: '1',
    }));
    await Promise.all(workers.map((one) => one.start()));
    return new CanaryCell({ scratch, otlp, url, tenantId: tenant_id, apiKey, controlPlane, workers });
  }

  get processes(): readonly CellProcess[] {
    return [this.controlPlane, ...this.workers];
  }

  async stopProcesses(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.stop()));
  }

  async close(keep: boolean): Promise<void> {
    await this.stopProcesses();
    await this.otlp.stop();
    await this.scratch.close(keep);
  }
}
