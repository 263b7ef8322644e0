import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../access/ports.ts';
import { findTenantPlace } from './queries.ts';
import type { TenantPlaceRow } from './queries.ts';

export interface ServedTenantsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly region: string;
  readonly cell: string;
  /** Where other cells are, by name. */
  readonly cellUrls: Readonly<Record<string, string>>;
}

/** A tenant that is frozen for a move is asked about again after so long; who moves one waits longer than this. */
const FRESH_MS = 1_000;
const MOVING_RETRY_S = 30;
const MAX_KNOWN = 10_000;

/** Which tenants this cell serves: those that the directory puts into it, while they are active. */
export class ServedTenants implements TenantStates {
  readonly #parts: ServedTenantsParts;
  readonly #known = new Map<string, { readonly at_ms: number; readonly row: TenantPlaceRow | undefined }>();

  constructor(parts: ServedTenantsParts) {
    this.#parts = parts;
  }

  /** @throws ApiError `tenant_elsewhere` with `cell_url` where it is known, `tenant_suspended`, `unavailable` while it is being moved */
  async refuseUnlessServed(tenantId: string, tx?: Transaction): Promise<void> {
    const { region, cell } = this.#parts;
    const row = await this.#find(tenantId, tx);
    // Whoever signs in to a tenant that is not there is nobody, which is not for us to say.
    if (row === undefined) return;
    if (row.state === 'moved') throw this.#elsewhere(row.moved_to ?? row.cell);
    if (row.region !== region || row.cell !== cell) throw this.#elsewhere(row.cell);
    if (row.state === 'moving') throw new ApiError('unavailable', 'The tenant is being moved to another cell of its region.', { retryAfter_s: MOVING_RETRY_S });
    if (row.state !== 'active') throw new ApiError('tenant_suspended', 'Whoever runs the cell has suspended the tenant.');
  }

  #elsewhere(cell: string): ApiError {
    const url = this.#parts.cellUrls[cell];
    return new ApiError('tenant_elsewhere', url === undefined ? `The tenant is in the cell ${cell}. Ask the router where that is.` : `The tenant is in the cell ${cell}. Send the request to ${url}.`, { members: url === undefined ? {} : { cell_url: url } });
  }

  async #find(tenantId: string, tx: Transaction | undefined): Promise<TenantPlaceRow | undefined> {
    const now_ms = this.#parts.clock.now().getTime();
    const known = this.#known.get(tenantId);
    if (known !== undefined && Math.abs(now_ms - known.at_ms) < FRESH_MS) return known.row;
    const ask = (asking: Transaction): Promise<TenantPlaceRow | undefined> => asking.maybeOne<TenantPlaceRow>(findTenantPlace, [tenantId]);
    // Who waits for a second connection while holding one may wait for ever.
    const row = tx === undefined ? await this.#parts.database.forNoTenant(ask) : await ask(tx);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(tenantId, { at_ms: now_ms, row });
    return row;
  }
}
