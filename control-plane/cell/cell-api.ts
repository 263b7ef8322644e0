import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';

export interface CellDescription {
  readonly version: string;
  readonly region: string;
  readonly cell: string;
  readonly sandboxUrl: string | null;
}

interface WorkerRow {
  readonly id: string;
  readonly started_at: Date;
  readonly heartbeat_at: Date;
  readonly version: string;
}

const liveWorkers: Statement = {
  name: 'cell.live_workers',
  text: `SELECT id, started_at, heartbeat_at, version FROM execution.workers
          WHERE heartbeat_at > clock_timestamp() - interval '1 minute' ORDER BY started_at, id`,
};

/** This installation, as people see it in the console's footer. */
export class CellApi {
  readonly #database: Database;
  readonly #cell: CellDescription;

  constructor(database: Database, cell: CellDescription) {
    this.#database = database;
    this.#cell = cell;
  }

  async getCell({ principal }: Call<'getCell'>): Promise<Answer<'getCell'>> {
    const workers = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<WorkerRow>(liveWorkers));
    return {
      status: 200,
      body: {
        version: this.#cell.version, region: this.#cell.region, cell: this.#cell.cell, sandbox_url: this.#cell.sandboxUrl,
        workers: workers.map((worker) => ({ ...worker, started_at: worker.started_at.toISOString(), heartbeat_at: worker.heartbeat_at.toISOString() })),
      },
    };
  }
}
