import { describe, expect, test } from 'vitest';
import { findPrice } from './find-price.ts';
import { PRICE_TABLE } from './price-table.ts';
import type { PriceRow } from './price-table.ts';

const AT = new Date('2026-11-15T12:00:00Z');
const ROWS: PriceRow[] = [
  row('1', { from: '2026-01-01' }),
  row('2', { model: 'openai/*', from: '2026-01-01' }),
  row('3', { model: 'openai/gpt-5.5', from: '2026-01-01' }),
  row('4', { model: 'openai/gpt-5.5', from: '2026-11-15' }),
  row('5', { model: 'openai/gpt-5.5', from: '2026-11-16' }),
  row('6', { model: 'openai/gpt-5.5-2026-04-23', from: '2026-01-01' }),
];

function row(usd: string, changes: Partial<PriceRow>): PriceRow {
  return { meter: 'model.input_tokens', unit: 'token', usd_per_unit: usd, from: '2026-01-01', source: 'a test', ...changes };
}

describe('the price of a metered unit', () => {
  test.each([
    ['the row of the very snapshot', 'openai/gpt-5.5-2026-04-23', '6'],
    ['the row of the model, for a snapshot without one: the newest that holds already', 'openai/gpt-5.5-2026-08-01', '4'],
    ['a date in one piece is a snapshot too', 'openai/gpt-5.5-20260801', '4'],
    ['a smaller or larger sibling is another model', 'openai/gpt-5.5-pro', '2'],
    ['a longer version number is another model', 'openai/gpt-5.51', '2'],
    ['another vendor', 'anthropic/claude-sonnet-5', '1'],
    ['no model', undefined, '1'],
  ])('%s', (_what, model, usd) => {
    expect(findPrice(ROWS, { meter: 'model.input_tokens', unit: 'token', model }, AT)?.usd_per_unit).toBe(usd);
    expect(findPrice(ROWS.toReversed(), { meter: 'model.input_tokens', unit: 'token', model }, AT)?.usd_per_unit).toBe(usd);
  });

  test('an unknown meter, another unit and a price of tomorrow are no price', () => {
    expect(findPrice(ROWS, { meter: 'model.output_tokens', unit: 'token' }, AT)).toBeNull();
    expect(findPrice(ROWS, { meter: 'model.input_tokens', unit: '1k_tokens' }, AT)).toBeNull();
    expect(findPrice([row('1', { from: '2026-11-16' })], { meter: 'model.input_tokens', unit: 'token' }, AT)).toBeNull();
  });
});

test('every row of the table is a plain decimal from a real day, and no two rows say different things for the same', () => {
  for (const { usd_per_unit: usd, from, source } of PRICE_TABLE.rows) {
    expect(usd).toMatch(/^\d+(\.\d{1,12})?$/);
    expect(new Date(`${from}T00:00:00Z`).toISOString().slice(0, 10)).toBe(from);
    expect(source).not.toBe('');
  }
  const keys = PRICE_TABLE.rows.map(({ meter, unit, model, from }) => JSON.stringify([meter, unit, model ?? null, from]));
  expect(new Set(keys).size).toBe(keys.length);
});
