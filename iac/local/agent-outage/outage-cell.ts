import { mkdirSync } from 'node:fs';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { bootstrapTenant, newApiKey } from '../cell/bootstrap.ts';
import { CellApi } from '../cell/cell-api.ts';
import { CellProcess } from '../cell/child-process.ts';
import { ScratchCell } from '../chaos/scratch-cell.ts';
import { anyFreePort } from '../cell/ports.ts';
import { DeliveredEntries } from './delivered-entries.ts';
import type { OutageCell } from './outage.ts';

/** The cell's own control plane and a worker as processes, over a PostgreSQL of its own, with a pool that agents are enrolled into. */
export interface RunningCell extends OutageCell {
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startCell(): Promise<RunningCell> {
  const scratch = await ScratchCell.open();
  const logsDir = scratch.path('logs');
  mkdirSync(logsDir);
  const keyFile = scratch.path('key');
  await createKeyFile(keyFile);
  const access = { controlDatabaseUrl: scratch.url('countersign_control'), publicUrl: 'http://localhost:8080' };
  const { tenant_id } = await bootstrapTenant(access);
  const ring = await openKeys({ root: { kind: 'file', file: keyFile }, also: [] }, { databaseUrl: access.controlDatabaseUrl });
  const port = await anyFreePort();
  const plane = new CellProcess({
    name: 'control-plane', entry: 'control-plane/main.ts', logsDir, verbose: false, say: () => undefined,
    env: {
      COUNTERSIGN_CONTROL_DATABASE_URL: access.controlDatabaseUrl, COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_OBJECTS_DIR: scratch.path('objects'), COUNTERSIGN_PORT: '0', COUNTERSIGN_LOG_LEVEL: 'warn',
      COUNTERSIGN_AGENT_PORT: String(port), COUNTERSIGN_AGENT_CA: `file:${scratch.path('authority')}`,
    },
  });
  const worker = new CellProcess({
    name: 'worker', entry: 'execution-plane/main.ts', logsDir, verbose: false, say: () => undefined,
    env: { COUNTERSIGN_EXECUTION_DATABASE_URL: scratch.url('countersign_execution'), COUNTERSIGN_OBJECTS_DIR: scratch.path('objects'), COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_POLICY_THREADS: '1', COUNTERSIGN_LOG_LEVEL: 'warn' },
  });
  await worker.start();
  const api = new CellApi((await plane.start()).listening ?? '', await newApiKey(access, 'outage'));
  const pool = await api.createAgentPool({ name: 'onprem', environment: 'prod' });
  const entries = new DeliveredEntries(scratch.url(), { keys: ring.keys, tenantId: tenant_id });
  return {
    folder: scratch.folder,
    url: new URL(`https://localhost:${port}`),
    token: async () => (await api.createAgentToken(pool.id)).token,
    delivered: (agentId) => entries.of(agentId),
    audited: (agentId, seq) => entries.audited(agentId, seq),
    stop: async () => {
      await Promise.all([plane.stop(), worker.stop()]);
      await Promise.all([entries.close(), ring.close()]);
      await scratch.close(false);
    },
  };
}
