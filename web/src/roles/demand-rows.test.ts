import { expect, it } from 'vitest';
import { demandInWords, demandsOf, rowsOf, wrongWith } from './demand-rows.ts';

const demands = { min_strength: { 'keys:revoke': 'passkey', 'roles:grant': 'mfa' } as const, max_sign_in_age_s: { 'roles:grant': 600, 'erasure:request': 300 } };

it('what was read is a row for each permission, and comes back as it was', () => {
  expect(rowsOf(demands)).toEqual([
    { permission: 'erasure:request', strength: '', minutes: '5' }, { permission: 'keys:revoke', strength: 'passkey', minutes: '' }, { permission: 'roles:grant', strength: 'mfa', minutes: '10' },
  ]);
  expect(demandsOf(rowsOf(demands))).toEqual(demands);
});

it.each([['0', false], ['1', true], ['1440', true], ['1441', false], ['1.5', false], ['', true]])('%s minutes', (minutes, fine) => {
  expect(wrongWith([{ permission: 'roles:grant', strength: '', minutes }]) === null).toBe(fine);
});

it('says what is demanded', () => {
  expect(rowsOf(demands).map(demandInWords)).toEqual(['any sign-in, at most 5 min old', 'a passkey', 'a second factor or stronger, at most 10 min old']);
});
