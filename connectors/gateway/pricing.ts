import { findPrice } from '@countersign/contracts/prices/find-price.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Usage } from '../sdk/connector.ts';
import { timesQuantity } from './usd.ts';

export interface PriceLists {
  /** What admins of the tenant have set; looked at first. */
  readonly overrides: readonly PriceRow[];
  readonly table: readonly PriceRow[];
}

/** A usage with what it cost. The price row is kept with the figure, so that an old cost can be explained after prices have changed. */
export interface PricedUsage extends Usage {
  readonly price: PriceRow;
  /** Decimal string, nine places. */
  readonly amount_usd: string;
  /** Whether a price was known; where none was, the amount is 0. */
  readonly is_priced: boolean;
}

/**
 * Prices `usage` by the row that holds for its meter and model on the day of `at`: one that an admin of the tenant has set, else one of the
 * shipped table. What has neither costs nothing, and says so in its own row.
 */
export function priced(lists: PriceLists, usage: Usage, at: Date): PricedUsage {
  const known = findPrice(lists.overrides, usage, at) ?? findPrice(lists.table, usage, at);
  const price = known ?? unpriced(usage, at);
  return { ...usage, price, amount_usd: timesQuantity(price.usd_per_unit, usage.quantity), is_priced: known !== null };
}

function unpriced({ meter, unit, model }: Usage, at: Date): PriceRow {
  return { meter, unit, ...(model === undefined ? {} : { model }), usd_per_unit: '0', from: at.toISOString().slice(0, 10), source: 'no price known for this meter' };
}
