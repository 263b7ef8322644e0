import { expect, it } from 'vitest';
import { chartPoints } from './chart-points.ts';

it('orders points by time and leaves out what is no number', () => {
  expect(chartPoints([
    { created_at: '2026-11-21T00:00:02.000Z', cost_usd: '0.002000000' },
    { created_at: 'never', cost_usd: '1' },
    { created_at: '2026-11-21T00:00:01.000Z', cost_usd: '0.001000000' },
  ])).toEqual([[Date.UTC(2026, 10, 21, 0, 0, 1) / 1_000, Date.UTC(2026, 10, 21, 0, 0, 2) / 1_000], [0.001, 0.002]]);
});
