import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startPostgres } from '../engine/processes.ts';
import { makePlainTable } from './repository-audit.ts';
import type { AuditFigures, ChainFigures } from './report.ts';
import { startSealer } from './sealer.ts';
import { measureLatency, measureSealing } from './sealing.ts';
import { measureStepLatency } from './step-latency.ts';
import { measureVerification } from './verification.ts';
import type { World } from './world.ts';

export interface Extent {
  readonly rounds: number;
  /** Per round. */
  readonly events: number;
  readonly latencies: number;
  /** Of each measurement of the engine, of which there are two per round. */
  readonly steps_ms: number;
  readonly verified: number;
}

const CHAINS = [1, 32];

/** A PostgreSQL of its own, writers here, the sequencer in another process, as in a cell. */
export async function measureAudit(extent: Extent): Promise<AuditFigures> {
  const server = await startPostgres();
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-bench-audit-'));
  const [admin, execution, control] = [[server.adminUrl, 'bench'], [server.executionUrl, 'bench writers'], [server.controlUrl, 'bench']]
    .map(([url = '', applicationName = '']) => new Database({ url, applicationName, maxConnections: 4 })) as [Database, Database, Database];
  const sealer = await startSealer(server.controlUrl, folder);
  try {
    sealer.pause();
    await makePlainTable(admin);
    return await measureAll(extent, { ...server, execution, control, sealer, folder });
  } finally {
    await sealer.stop();
    await Promise.all([admin.close(), execution.close(), control.close()]);
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

async function measureAll(extent: Extent, world: World): Promise<AuditFigures> {
  const chains: ChainFigures[] = [];
  for (const count of CHAINS) chains.push(await measureSealing(count, extent, world));
  const commit_to_sealed_ms = await measureLatency(extent.latencies, world);
  const steps = await measureStepLatency({ rounds: extent.rounds, duration_ms: extent.steps_ms }, world);
  return { chains, commit_to_sealed_ms, steps, verification: await measureVerification(extent.verified, world) };
}
