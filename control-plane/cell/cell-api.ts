import { readBundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { listDirectory, listMoves } from './queries.ts';
import type { MoveRow } from './queries.ts';

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
  readonly policy: readonly PdpStatus[];
}

const liveWorkers: Statement = {
  name: 'cell.live_workers',
  text: `
    SELECT id, started_at, heartbeat_at, version,
           -- a worker acts for all tenants; only what it says of this one is told
           coalesce((SELECT jsonb_agg(p ORDER BY p->>'scope') FROM jsonb_array_elements(CASE jsonb_typeof(policy) WHEN 'array' THEN policy ELSE '[]' END) p WHERE p->>'tenant' = $1), '[]') AS policy
      FROM execution.workers WHERE heartbeat_at > clock_timestamp() - interval '1 minute' ORDER BY started_at, id`,
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
    const workers = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<WorkerRow>(liveWorkers, [principal.tenantId]));
    return {
      status: 200,
      body: {
        version: this.#cell.version, region: this.#cell.region, cell: this.#cell.cell, sandbox_url: this.#cell.sandboxUrl,
        workers: workers.map((worker) => ({
          ...worker, started_at: worker.started_at.toISOString(), heartbeat_at: worker.heartbeat_at.toISOString(), policy: worker.policy.flatMap(workerPolicy),
        })),
      },
    };
  }

  /** Moves to and from this cell, as it remembers them, the newest first. Rows belong to tenants, so that it goes through these. */
  async listTenantMoves({ query }: Call<'listTenantMoves'>): Promise<Answer<'listTenantMoves'>> {
    const tenants = await this.#database.forNoTenant((tx) => tx.rows<{ tenant_id: string; slug: string }>(listDirectory, [query.tenant_id ?? null]));
    const items: Array<components['schemas']['TenantMove']> = [];
    for (const tenant of tenants) {
      const moves = await this.#database.forTenant(tenant.tenant_id, (tx) => tx.rows<MoveRow>(listMoves, [tenant.tenant_id, MOST_MOVES]));
      items.push(...moves.map((row) => moveView({ ...row, ...tenant })));
    }
    return { status: 200, body: { items: items.toSorted((a, b) => (a.began_at < b.began_at ? 1 : -1)).slice(0, MOST_MOVES) } };
  }
}

const MOST_MOVES = 200;

function moveView({ rows, began_at, changed_at, ...row }: MoveRow & { tenant_id: string; slug: string }): components['schemas']['TenantMove'] {
  return { ...row, rows: rows === null ? null : Number(rows), began_at: began_at.toISOString(), changed_at: changed_at.toISOString() };
}

function workerPolicy({ scope, state, bundle, ttl_ms, refreshes, last_refresh_at, last_failure }: PdpStatus): Array<components['schemas']['WorkerPolicy']> {
  const place = readBundleScope(scope);
  return place === null ? [] : [{
    environment_id: place.environmentId, mode: place.mode, state, revision: bundle?.revision ?? null, seq: bundle?.seq ?? null, digest: bundle?.digest ?? null,
    confirmed_at: bundle === null ? null : last_refresh_at, expires_at: bundle?.expires_at ?? null, ttl_s: ttl_ms / 1000, refreshes, last_failure,
  }];
}
