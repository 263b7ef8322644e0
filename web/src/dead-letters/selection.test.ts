import { expect, it } from 'vitest';
import { isSelected, NOTHING, selectionInWords, toggle, togglePage, type Selection } from './selection.ts';

const PAGE = ['a', 'b', 'c'];
const some = (...ids: string[]): Selection => ({ kind: 'some', ids: new Set(ids) });

it('takes one in and out', () => {
  expect(toggle(NOTHING, 'a', PAGE)).toEqual(some('a'));
  expect(toggle(some('a', 'b'), 'a', PAGE)).toEqual(some('b'));
});
it('one out of all leaves the others of the page, never those that nobody has seen', () => expect(toggle({ kind: 'all' }, 'b', PAGE)).toEqual(some('a', 'c')));
it('takes the page in and out', () => {
  expect(togglePage(some('z'), PAGE)).toEqual(some('z', 'a', 'b', 'c'));
  expect(togglePage(some('a', 'b', 'c'), PAGE)).toEqual(NOTHING);
  expect(togglePage({ kind: 'all' }, PAGE)).toEqual(NOTHING);
});
it('says what is selected', () => {
  expect([some('a'), some('a', 'b'), { kind: 'all' } as const].map(selectionInWords)).toEqual(['1 dead letter', '2 dead letters', 'all that fit the filter']);
  expect(isSelected({ kind: 'all' }, 'never seen')).toBe(true);
});
