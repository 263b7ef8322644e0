/** What a metered unit costs, from when, and by which source. */
export interface PriceRow {
  readonly meter: string;
  readonly unit: string;
  /**
   * For meters whose price depends on the model: `<connector>/<model>`. A name without a date covers its dated snapshots
   * (`openai/gpt-5.5` covers `openai/gpt-5.5-2026-04-23`, and not `openai/gpt-5.5-mini`); one that ends with `*` covers all that begin so.
   * The most exact row wins. Absent: the price holds for every model.
   */
  readonly model?: string | undefined;
  /** Decimal string, at most twelve places: money never goes through binary floating point. */
  readonly usd_per_unit: string;
  /** First day on which it holds (UTC), `YYYY-MM-DD`. */
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
    { meter: 'classifier.cpu', unit: 's', usd_per_unit: '0.000013333', from: '2026-11-01', source: 'on-demand general-purpose vCPU, 0.048 USD an hour' },
    { meter: 'connector.call', unit: 'call', usd_per_unit: '0', from: '2026-11-01', source: 'calls to the customer\'s own systems are not charged' },
  ],
};
