import { expect, it } from 'vitest';
import { conditionInWords, conditionsOf, rowsOf, wrongWith } from './conditions.ts';

const conditions = [{ claim: 'repository', equals: 'acme/desk' }, { claim: 'ref', glob: 'refs/tags/*' }];

it('what was read comes back as it was', () => expect(conditionsOf(rowsOf(conditions))).toEqual(conditions));

it('a condition is exact or fits', () => expect(conditions.map(conditionInWords)).toEqual(['repository is exactly acme/desk', 'ref fits refs/tags/*']));

it.each([
  [[{ claim: 'sub', how: 'equals', value: 'x' }], null],
  [[{ claim: '', how: 'equals', value: 'x' }], 'Each condition names a claim and what it must be.'],
  [[{ claim: 'sub', how: 'glob', value: '*' }], 'One condition at least says exactly what a claim must be.'],
] as const)('%j: %s', (rows, wrong) => expect(wrongWith(rows)).toBe(wrong));
