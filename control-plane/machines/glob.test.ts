import { expect, test } from 'vitest';
import { matchesGlob } from './glob.ts';
import { refuseLoose, unmet } from './conditions.ts';

test.each([
  ['refs/heads/main', 'refs/heads/main', true],
  ['refs/heads/main', 'refs/heads/main2', false],
  ['refs/heads/*', 'refs/heads/release', true],
  ['refs/heads/*', 'refs/heads/', true],
  ['refs/heads/*', 'refs/heads/a/b', false],
  ['refs/*/v*', 'refs/tags/v1.2', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:ref:refs/heads/main', true],
  // A name that somebody chose does not reach over a separator.
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:environment:x:ref:refs/heads/main', false],
  ['*', '', true],
  ['a.c', 'abc', false],
  ['**x', 'aax', true],
  ['', 'a', false],
  ['*é*', 'caféx', true],
])('%j describes %j: %j', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test('a pattern that would keep a regular expression busy for ever ends', () => {
  expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(500))).toBe(false);
});

test('all conditions must hold, of claims that are one value', () => {
  const conditions = [{ claim: 'repository', equals: 'acme/app' }, { claim: 'ref', glob: 'refs/heads/*' }, { claim: 'protected', equals: 'true' }];
  expect(unmet(conditions, { repository: 'acme/app', ref: 'refs/heads/main', protected: true })).toEqual([]);
  expect(unmet(conditions, { repository: ['acme/app'], ref: 'refs/tags/v1' })).toEqual([0, 1, 2]);
});

test.each([
  [[{ claim: 'ref', glob: 'refs/heads/*' }]],
  [[{ claim: 'repository', equals: 'acme/app' }, { claim: 'ref', glob: '*' }]],
  [[{ claim: 'repository', equals: 'acme/app', glob: 'acme/*' }]],
  [[{ claim: 'repository' }]],
])('conditions that let in more than anybody means are refused: %j', (conditions) => {
  expect(() => refuseLoose(conditions)).toThrow(expect.objectContaining({ code: 'request_invalid' }) as Error);
});
