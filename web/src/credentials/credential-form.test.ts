import { expect, it } from 'vitest';
import { givenOf, KINDS, MEMBERS, NOTHING_GIVEN, wrongWith, wrongWithName, type Kind } from './credential-form.ts';

const NAMES = Object.keys(MEMBERS) as Kind[];

it('every kind can be chosen', () => {
  expect(KINDS.map(({ value }) => value).toSorted()).toEqual(NAMES.toSorted());
});

it.each(NAMES)('a value of %s has its members and no other, and each is asked for', (kind) => {
  const members = { ...Object.fromEntries(MEMBERS[kind].map(({ name }) => [name, 'x'.repeat(40)])), left_over: 'of another kind' };
  expect(Object.keys(givenOf(kind, { ...NOTHING_GIVEN, members }).value ?? {})).toEqual(MEMBERS[kind].map(({ name }) => name));
  expect(wrongWith(kind, { ...NOTHING_GIVEN, members })).toBeNull();
  for (const { name, label } of MEMBERS[kind]) expect(wrongWith(kind, { ...NOTHING_GIVEN, members: { ...members, [name]: ' ' } })).toBe(`Fill in: ${label}.`);
});

it('spaces around a name go, and those of a secret are part of it', () => {
  expect(givenOf('basic', { ...NOTHING_GIVEN, members: { username: ' alex ', password: ' pass ' } })).toEqual({ value: { username: 'alex', password: ' pass ' } });
});

it('what is kept elsewhere is a reference, and nothing that was typed before', () => {
  const given = { kept: 'elsewhere' as const, members: { token: 'typed before' }, secretRef: ' aws-sm:prod/snow#token ' };
  expect(givenOf('bearer', given)).toEqual({ secret_ref: 'aws-sm:prod/snow#token' });
  expect(wrongWith('bearer', given)).toBeNull();
  expect(wrongWith('bearer', { ...given, secretRef: 'vault:x' })).toContain('A reference is');
});

it('a short webhook secret and a name that the API does not take are told before they are sent', () => {
  expect(wrongWith('webhook_secret', { ...NOTHING_GIVEN, members: { secret: 'whsec_short' } })).toContain('24 random bytes');
  expect([wrongWithName('servicenow-prod'), wrongWithName('Prod'), wrongWithName('')].map((said) => said === null)).toEqual([true, false, false]);
});
