import { expect, it } from 'vitest';
import { MAX_ATTEMPTS } from './poisoned-cell.ts';
import { poison } from './poison.ts';
import { POISONS } from './poisons.ts';

it('bad tickets and messages of every kind are refused, dropped or dead with a reason, and the good ones among them finish', async () => {
  const report = await poison({ bad: POISONS.length, good: 60, json: false });
  expect(report.findings).toEqual([]);
  expect(Object.keys(report.ends).toSorted()).toEqual(POISONS.map(({ by, name }) => `${by}: ${name}`).toSorted());
  expect(report).toMatchObject({ good_finished: 60, bad: POISONS.length });
  expect(report.most_claims_of_a_step).toBeLessThanOrEqual(MAX_ATTEMPTS);
}, 180_000);
