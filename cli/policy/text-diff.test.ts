import { expect, it } from 'vitest';
import { unifiedDiff } from './text-diff.ts';

const lines = (...texts: string[]): string => `${texts.join('\n')}\n`;

it('is nothing where both are the same', () => {
  expect(unifiedDiff('a', 'x\n', 'x\n')).toBe('');
  expect(unifiedDiff('a', null, null)).toBe('');
});

it('shows three lines around each change, and counts as diff -u does', () => {
  const before = lines('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12');
  const after = lines('1', '2', '3', '4', 'five', '6', '7', '8', '9', '10', '11', '12', '13');
  expect(unifiedDiff('a', before, after)).toBe(['--- a', '+++ a', '@@ -2,7 +2,7 @@', ' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8', '@@ -10,3 +10,4 @@', ' 10', ' 11', ' 12', '+13'].join('\n'));
});

it('keeps the lines that both have in common, wherever they are', () => {
  expect(unifiedDiff('a', lines('a', 'b', 'c', 'd'), lines('x', 'b', 'd', 'e'))).toBe(['--- a', '+++ a', '@@ -1,4 +1,4 @@', '-a', '+x', ' b', '-c', ' d', '+e'].join('\n'));
});

it('a file that comes or goes', () => {
  expect(unifiedDiff('a', null, lines('x', 'y'))).toBe(['--- /dev/null', '+++ a', '@@ -0,0 +1,2 @@', '+x', '+y'].join('\n'));
  expect(unifiedDiff('a', lines('x'), null)).toBe(['--- a', '+++ /dev/null', '@@ -1,1 +0,0 @@', '-x'].join('\n'));
});

it('does not compare what is too large line by line', () => {
  const many = (prefix: string): string => lines(...Array.from({ length: 3000 }, (_, index) => `${prefix}${index}`));
  expect(unifiedDiff('a', many('x'), many('y')).split('\n')).toHaveLength(6003);
});
