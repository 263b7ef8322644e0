import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Usage } from '../sdk/connector.ts';

/** A usage with what it cost. The price row is kept with the figure, so that an old cost can be explained after prices have changed. */
export interface PricedUsage extends Usage {
  readonly price: PriceRow;
  /** Decimal string, nine places: money never goes through binary floating point on its way to the database. */
  readonly amount_usd: string;
}

/** Prices `usage` by the row of its meter. What has no row costs nothing, and says so in its own row. */
export function priced(usage: Usage): PricedUsage {
  const price = PRICE_TABLE.rows.find((row) => row.meter === usage.meter)
    ?? { meter: usage.meter, unit: usage.unit, usd_per_unit: 0, from: PRICE_TABLE.dated, source: 'no price known for this meter' };
  return { ...usage, price, amount_usd: (usage.quantity * price.usd_per_unit).toFixed(9) };
}
