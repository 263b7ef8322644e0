import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startPostgres } from '../engine/processes.ts';
import { makePlainTable } from './repository-audit.ts';
import type { AuditFigures, ChainFigures } from './report.ts';
import { measureLatency, measureSealing } from './sealing.ts';
import { measureVerification } from './verification.ts';

export interface Extent {
  readonly rounds: number;
  /** Per round. */
  readonly events: number;
  readonly latencies: number;
  readonly verified: number;
}

const CHAINS = [1, 32];

/** A PostgreSQL of its own, writers here, the sequencer in another process, as in a cell. */
export async function measureAudit(extent: Extent): Promise<AuditFigures> {
  const server = await startPostgres();
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-bench-audit-'));
  const [admin, execution, control] = [[server.adminUrl, 'bench'], [server.executionUrl, 'bench writers'], [server.controlUrl, 'bench']]
    .map(([url = '', applicationName = '']) => new Database({ url, applicationName, maxConnections: 4 })) as [Database, Database, Database];
  const world = { execution, control, controlUrl: server.controlUrl, folder };
  try {
    await makePlainTable(admin);
    const chains: ChainFigures[] = [];
    for (const count of CHAINS) chains.push(await measureSealing(count, extent, world));
    return { chains, commit_to_sealed_ms: await measureLatency(extent.latencies, world), verification: await measureVerification(extent.verified) };
  } finally {
    await Promise.all([admin.close(), execution.close(), control.close()]);
    await server.stop();
    await rm(folder, { recursive: true });
  }
}
