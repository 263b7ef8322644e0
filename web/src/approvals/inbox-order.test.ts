import { describe, expect, it } from 'vitest';
import { neighbour, nextAfter } from './inbox-order.ts';

describe('neighbour', () => {
  const ids = ['a', 'b', 'c'];
  it.each([[null, 1, 'a'], ['a', 1, 'b'], ['c', 1, 'c'], ['a', -1, 'a'], ['c', -1, 'b'], ['gone', -1, 'a']] as const)('of %s by %d is %s', (current, steps, expected) => expect(neighbour(ids, current, steps)).toBe(expected));
  it('of nothing is nothing', () => expect(neighbour([], 'a', 1)).toBeNull());
});

describe('nextAfter', () => {
  it.each([[['a', 'b', 'c'], 'b', 'c'], [['a', 'b', 'c'], 'c', 'b'], [['a'], 'a', null], [['a', 'b'], 'gone', 'a']] as const)('in %j after %s is %s', (ids, decided, expected) => expect(nextAfter(ids, decided)).toBe(expected));
});
