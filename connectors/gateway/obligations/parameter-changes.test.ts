import { describe, expect, test } from 'vitest';
import { randomFrom } from '../testing/random.ts';
import { changeParameters, REDACTED } from './parameter-changes.ts';
import type { Json, JsonObject } from '../../sdk/connector.ts';

const NOTHING = { capped: [], redacted: [], uncappable: [] };

describe('caps', () => {
  test.each<[string, JsonObject, Record<string, number>, Partial<ReturnType<typeof changeParameters>>]>([
    ['a number above becomes the cap', { a: 12 }, { '/a': 10 }, { parameters: { a: 10 }, capped: ['/a'] }],
    ['a number at or below stays', { a: 10, b: -3 }, { '/a': 10, '/b': 10 }, { parameters: { a: 10, b: -3 } }],
    ['what is not there is not made', {}, { '/a': 10, '/b/c': 1 }, { parameters: {} }],
    ['a whole number stays whole', { a: 12, b: 1.5 }, { '/a': 10.9, '/b': 1.25 }, { parameters: { a: 10, b: 1.25 }, capped: ['/a', '/b'] }],
    ['in objects and lists', { a: { b: [5, 50] } }, { '/a/b/1': 10 }, { parameters: { a: { b: [5, 10] } }, capped: ['/a/b/1'] }],
    ['of every element', { a: [{ n: 5 }, { n: 50 }, { n: 60 }] }, { '/a/-/n': 10 }, { parameters: { a: [{ n: 5 }, { n: 10 }, { n: 10 }] }, capped: ['/a/1/n', '/a/2/n'] }],
    ['a text, a list and null are no numbers', { a: '99', b: [99], c: null }, { '/a': 1, '/b': 1, '/c': 1 }, { parameters: { a: '99', b: [99], c: null }, uncappable: ['/a', '/b', '/c'] }],
    ['inherited names are no members', {}, { '/toString': 1, '/constructor/name': 1 }, { parameters: {} }],
  ])('%s', (_what, parameters, caps, expected) => expect(changeParameters(parameters, { caps })).toEqual({ ...NOTHING, ...expected }));
});

describe('redactions', () => {
  test.each<[string, JsonObject, string[], Partial<ReturnType<typeof changeParameters>>]>([
    ['a text is replaced', { a: 'x', b: 'y' }, ['/a'], { parameters: { a: REDACTED, b: 'y' }, redacted: ['/a'] }],
    ['a member that is no text is removed', { a: 1, b: { c: 'x' }, d: [1], e: null, f: true }, ['/a', '/b', '/d', '/e', '/f'], { parameters: {}, redacted: ['/a', '/b', '/d', '/e', '/f'] }],
    ['an element that is no text leaves its place', { a: [1, 'x', { b: 2 }, 3] }, ['/a/0', '/a/1', '/a/2'], { parameters: { a: [null, REDACTED, null, 3] }, redacted: ['/a/0', '/a/1', '/a/2'] }],
    ['of every element', { a: [{ t: 'x', k: 1 }, { t: 2 }, {}] }, ['/a/-/t'], { parameters: { a: [{ t: REDACTED, k: 1 }, {}, {}] }, redacted: ['/a/0/t', '/a/1/t'] }],
    ['names with slashes and tildes', { 'a/b': 'x', 'c~d': 'y' }, ['/a~1b', '/c~0d'], { parameters: { 'a/b': REDACTED, 'c~d': REDACTED }, redacted: ['/a~1b', '/c~0d'] }],
    ['what is not there', { a: 'x' }, ['/b', '/a/c', '/0', '/-'], { parameters: { a: 'x' } }],
  ])('%s', (_what, parameters, redactions, expected) => expect(changeParameters(parameters, { redactions })).toEqual({ ...NOTHING, ...expected }));
});

test('what is both redacted and capped is redacted', () => {
  expect(changeParameters({ a: 99, b: 'x' }, { caps: { '/a': 1, '/b': 1 }, redactions: ['/a', '/b'] })).toEqual({ ...NOTHING, parameters: { b: REDACTED }, redacted: ['/a', '/b'] });
});

test('nothing is changed in place', () => {
  const parameters = { a: { b: 'x', n: 9 } };
  changeParameters(parameters, { redactions: ['/a/b'], caps: { '/a/n': 1 } });
  expect(parameters).toEqual({ a: { b: 'x', n: 9 } });
});

test('for 2,000 random parameters: applying the same again changes nothing, no number is above its cap, and no redacted value is left', () => {
  const random = randomFrom(22);
  for (let round = 0; round < 2_000; round++) {
    const parameters = { p: random.json(3), q: random.json(3), r: random.json(2) } as JsonObject;
    const pointers = pointersOf(parameters, '').filter(() => random.below(3) === 0);
    const obligations = {
      redactions: pointers.filter((_, index) => index % 2 === 0),
      caps: Object.fromEntries(pointers.filter((_, index) => index % 2 === 1).map((pointer) => [pointer, random.below(50)])),
    };
    const once = changeParameters(parameters, obligations);
    const twice = changeParameters(once.parameters, obligations);
    expect(twice).toEqual({ ...once, capped: [], redacted: [] });
    for (const [pointer, value] of valuesOf(once.parameters, '')) {
      if (obligations.redactions.includes(pointer)) expect([REDACTED, null]).toContain(value);
      else if (pointer in obligations.caps && typeof value === 'number') expect(value).toBeLessThanOrEqual(obligations.caps[pointer]!);
    }
  }
});

function valuesOf(value: Json, pointer: string): Array<[string, Json]> {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [[here, member as Json] as [string, Json], ...valuesOf(member as Json, here)];
  });
}

function pointersOf(value: Json, pointer: string): string[] {
  return valuesOf(value, pointer).map(([name]) => name);
}
