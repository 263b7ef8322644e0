import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Prices } from '@countersign/connectors/gateway/ports.ts';
import type { PriceLists } from '@countersign/connectors/gateway/pricing.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readPriceOverrides } from './queries.ts';

/** A price that an admin has set holds in every worker after this long. */
const BELIEVED_FOR_MS = 5_000;

/** The tenant's own prices from the database, believed for some seconds; then the shipped table. */
export function postgresPrices(database: Database, nowMs: () => number = () => performance.now()): Prices {
  const known = new Map<string, { readonly readAt: number; readonly overrides: Promise<readonly PriceRow[]> }>();
  const read = (tenantId: string): Promise<readonly PriceRow[]> => {
    const held = known.get(tenantId);
    if (held !== undefined && nowMs() - held.readAt < BELIEVED_FOR_MS) return held.overrides;
    const overrides = database.forTenant(tenantId, (tx) => readPriceOverrides(tx, tenantId));
    known.set(tenantId, { readAt: nowMs(), overrides });
    overrides.catch(() => known.delete(tenantId));
    return overrides;
  };
  return {
    rowsFor: async (tenantId): Promise<PriceLists> => ({ overrides: await read(tenantId), table: PRICE_TABLE.rows }),
  };
}
