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
 * List prices of hosted models, in USD per million tokens. Azure's depend on region and contract, and a deployment's name says nothing of
 * its model, so there are none: an admin sets them. Nor are there any for models whose price nobody had published by the day of the source.
 */
const HOSTED: ReadonlyArray<readonly [model: string, input: string, output: string, cacheRead: string, cacheWrite?: string]> = [
  ['openai/gpt-5.5', '5', '30', '0.5'],
  ['openai/gpt-5.4-mini', '0.75', '4.5', '0.075'],
  ['openai/gpt-5.4-nano', '0.2', '1.25', '0.02'],
  ['openai/gpt-5-mini', '0.25', '2', '0.025'],
  ['openai/gpt-4.1-mini', '0.4', '1.6', '0.1'],
  ['anthropic/claude-haiku-4-5', '1', '5', '0.1', '1.25'],
  ['anthropic/claude-sonnet-5', '2', '10', '0.2', '2.5'],
  ['anthropic/claude-sonnet-4-6', '3', '15', '0.3'],
  ['anthropic/claude-opus-4-8', '5', '25', '0.5'],
  ['anthropic/claude-fable-5', '10', '50', '1'],
];
const SOURCE = 'list price by models.dev (anomalyco/models.dev at f3fc692, 2026-07-02)';
const FROM = '2026-07-02';

/** Four rows a model. What is written to a cache without a price of its own costs what other input does. */
function hostedRows(): PriceRow[] {
  return HOSTED.flatMap(([model, input, output, cacheRead, cacheWrite = input]) => ([
    ['model.input_tokens', input], ['model.cached_input_tokens', cacheRead], ['model.cache_write_tokens', cacheWrite], ['model.output_tokens', output],
  ] as const).map(([meter, perMillion]) => ({ meter, unit: 'token', model, usd_per_unit: perToken(perMillion), from: FROM, source: SOURCE })));
}

/** The decimal point six places to the left, in digits: money never goes through binary floating point. */
function perToken(perMillion: string): string {
  const [whole = '0', fraction = ''] = perMillion.split('.');
  const digits = `${whole}${fraction}`.padStart(7 + fraction.length, '0');
  const at = digits.length - 6 - fraction.length;
  return `${digits.slice(0, at)}.${digits.slice(at)}`;
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
    ...hostedRows(),
  ],
};
