import { expect, it } from 'vitest';
import { strengthOf } from './id-token.ts';

it.each<[readonly string[], string | null, 'mfa' | 'oidc']>([
  [['pwd', 'otp'], null, 'mfa'],
  [['mfa'], null, 'mfa'],
  [['hwk', 'fpt'], null, 'mfa'],
  [['pwd'], 'urn:strong', 'mfa'],
  [['sms'], null, 'oidc'],
  [['otp', 'sms'], null, 'oidc'],
  [['pwd', 'pin', 'kba'], null, 'oidc'],
  [['pwd', 'constructor', 'anything'], 'urn:other', 'oidc'],
  [[], null, 'oidc'],
])('a provider that says amr %j and acr %s vouches as %s', (amr, acr, strength) => {
  expect(strengthOf({ amr, acr }, { mfa_acr_values: ['urn:strong'] })).toBe(strength);
});
