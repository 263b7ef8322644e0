import { expect, it } from 'vitest';
import { leftOut, minutesInWords } from './report-words.ts';

it('names only what was left out, the failures first', () => {
  const nothing = { shredded: 0, not_kept: 0, not_by_policy: 0, input_outdated: 0, facts_missing: 0, failed: 0 };
  expect(leftOut(nothing)).toEqual([]);
  expect(leftOut({ ...nothing, shredded: 4, failed: 1 }).map(({ count }) => count)).toEqual([1, 4]);
});

it.each([[null, 'person-minutes not known'], [12.34, '12.3 person-minutes'], [0.03, 'less than 0.1 person-minutes'], [0, '0 person-minutes']])('%s is %s', (minutes, words) => expect(minutesInWords(minutes)).toBe(words));
