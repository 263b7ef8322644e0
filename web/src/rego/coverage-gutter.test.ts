import { expect, it } from 'vitest';
import { linesOf, stretchesInWords } from './coverage-gutter.ts';

it('stretches of lines', () => {
  expect(linesOf([[3, 3], [7, 9], [12]])).toEqual([3, 7, 8, 9, 12]);
  expect(linesOf([[9, 7]])).toEqual([]);
  expect(stretchesInWords([[3, 3], [7, 9]])).toBe('3, 7-9');
});
