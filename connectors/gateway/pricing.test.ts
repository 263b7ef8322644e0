import { describe, expect, test } from 'vitest';
import { priced } from './pricing.ts';
import { compareUsd, isZero, sumOf, timesQuantity } from './usd.ts';

const AT = new Date('2026-11-15T00:00:00Z');

describe('amounts', () => {
  test.each([
    ['0.000013333', 3, '0.000039999'],
    ['0.00000125', 1_234_567, '1.543208750'],
    ['0.1', 3, '0.300000000'],
    ['1.1', 1.1, '1.210000000'],
    ['0.000000000001', 499, '0.000000000'],
    ['0.000000000001', 500, '0.000000001'],
    ['999999999', 999_999, '999998999000001.000000000'],
    ['0', 12, '0.000000000'],
  ])('%s times %d is %s, exactly', (price, quantity, amount) => expect(timesQuantity(price, quantity)).toBe(amount));

  test.each([['1e-7', 1], ['-1', 1], ['', 1], ['1', -1], ['1', Number.NaN], ['1', Number.POSITIVE_INFINITY], ['0.1234567890123', 1]])('%s times %d is refused', (price, quantity) => {
    expect(() => timesQuantity(price, quantity)).toThrow(RangeError);
  });

  test('ten times 0.1 is 1', () => {
    expect(sumOf(Array.from({ length: 10 }, () => '0.1'))).toBe('1.000000000');
    expect(sumOf([])).toBe('0.000000000');
  });

  test('are compared as numbers, not as text', () => {
    expect(compareUsd('10', '9.5')).toBe(1);
    expect(compareUsd('1.0', '1')).toBe(0);
    expect(compareUsd('0.000000001', '0.000000002')).toBe(-1);
    expect([isZero('0.000000000'), isZero('0.000000001')]).toEqual([true, false]);
  });
});

describe('a priced usage', () => {
  const row = { meter: 'model.input_tokens', unit: 'token', model: 'openai/gpt-5.5', usd_per_unit: '0.00000125', from: '2026-01-01', source: 'a test' };

  test('keeps the row that it was priced by', () => {
    expect(priced({ overrides: [], table: [row] }, { meter: 'model.input_tokens', unit: 'token', model: 'openai/gpt-5.5-2026-04-23', quantity: 1000 }, AT)).toEqual({
      meter: 'model.input_tokens', unit: 'token', model: 'openai/gpt-5.5-2026-04-23', quantity: 1000, price: row, amount_usd: '0.001250000', is_priced: true,
    });
  });

  test('a row of the tenant\'s own goes before the table, even where the table is more exact', () => {
    const own = { ...row, model: 'openai/*', usd_per_unit: '0.000001', source: 'our contract' };
    const lists = { overrides: [own], table: [row] };
    expect(priced(lists, { meter: row.meter, unit: 'token', model: 'openai/gpt-5.5', quantity: 1000 }, AT)).toMatchObject({ amount_usd: '0.001000000', price: own });
    expect(priced(lists, { meter: row.meter, unit: 'token', model: 'anthropic/x', quantity: 1000 }, AT)).toMatchObject({ is_priced: false });
  });

  test('without a row says that it has none', () => {
    expect(priced({ overrides: [], table: [row] }, { meter: 'model.input_tokens', unit: 'token', model: 'other/model', quantity: 1000 }, AT)).toMatchObject({
      amount_usd: '0.000000000', is_priced: false, price: { model: 'other/model', from: '2026-11-15', source: 'no price known for this meter' },
    });
  });
});
