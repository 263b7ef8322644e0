import { findPrice } from '@countersign/contracts/prices/find-price.ts';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Usage } from '../sdk/connector.ts';
import { timesQuantity } from './usd.ts';

/** A usage with what it cost. The price row is kept with the figure, so that an old cost can be explained after prices have changed. */
export interface PricedUsage extends Usage {
  readonly price: PriceRow;
  /** Decimal string, nine places. */
  readonly amount_usd: string;
}

/** Prices `usage` by the row that holds for its meter and model on the day of `at`. What has no row costs nothing, and says so in its own row. */
export function priced(rows: readonly PriceRow[], usage: Usage, at: Date): PricedUsage {
  const price = findPrice(rows, usage, at) ?? unpriced(usage, at);
  return { ...usage, price, amount_usd: timesQuantity(price.usd_per_unit, usage.quantity) };
}

function unpriced({ meter, unit, model }: Usage, at: Date): PriceRow {
  return { meter, unit, ...(model === undefined ? {} : { model }), usd_per_unit: '0', from: at.toISOString().slice(0, 10), source: 'no price known for this meter' };
}
