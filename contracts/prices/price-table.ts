/** What a metered unit costs, from when, and by which source. */
export interface PriceRow {
  readonly meter: string;
  readonly unit: string;
  readonly usd_per_unit: number;
  /** First day on which it holds, `YYYY-MM-DD`. */
  readonly from: string;
  readonly source: string;
}

/**
 * The dated price table. The local model costs the processor time it uses, at the on-demand price of one vCPU-hour of a
 * general-purpose cloud machine (0.048 USD, 2 vCPU at 0.096 USD an hour): an honest figure to compare with a hosted model's tokens.
 */
export const PRICE_TABLE: { readonly dated: string; readonly rows: readonly PriceRow[] } = {
  dated: '2026-11-01',
  rows: [
    { meter: 'classifier.cpu', unit: 's', usd_per_unit: 0.000_013_333, from: '2026-11-01', source: 'on-demand general-purpose vCPU, 0.048 USD an hour' },
    { meter: 'connector.call', unit: 'call', usd_per_unit: 0, from: '2026-11-01', source: 'calls to the customer\'s own systems are not charged' },
  ],
};
