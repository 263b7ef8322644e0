import { expect, test } from 'vitest';
import { parseFilter } from './filter.ts';

const ALLOWED = ['username', 'externalid', 'emails', 'active'];

test.each([
  ['userName eq "bjensen"', { username: 'bjensen' }],
  ['USERNAME EQ "B and C"', { username: 'B and C' }],
  ['externalId eq "a\\"b\\\\c" and active eq true', { externalid: 'a"b\\c', active: 'true' }],
  ['emails[type eq "work"].value eq "a@b.c"', { emails: 'a@b.c' }],
  ['emails.value eq "a@b.c"', { emails: 'a@b.c' }],
  ['active eq "True"', { active: 'True' }],
])('%s', (text, asked) => {
  expect(Object.fromEntries(parseFilter(text, ALLOWED))).toEqual(asked);
});

test.each(['', 'userName', 'userName co "x"', 'userName eq x', 'title eq "x"', 'userName eq "x" or active eq true', 'userName eq "x" and', 'userName eq "x" and userName eq "y"', '(userName eq "x")', 'userName eq "x"; DROP TABLE'])('%j is refused', (text) => {
  expect(() => parseFilter(text, ALLOWED)).toThrow(expect.objectContaining({ code: 'invalidFilter' }));
});
