import { expect, it } from 'vitest';
import { checksOf } from './provider-test.ts';

const FOUND = { issuer: 'https://login.example.com', authorization_endpoint: 'https://login.example.com/a', token_endpoint: 'https://login.example.com/t', jwks_uri: 'https://login.example.com/k', algorithms: ['RS256'], algorithm_supported: true, pkce_supported: true, names_issuer_in_answers: true, keys: 1 };
const WANTED = { issuer: 'https://login.example.com', algorithm: 'RS256' };

it('all holds of a provider that is as it is set', () => {
  expect(checksOf(FOUND, WANTED).every(({ holds }) => holds)).toBe(true);
});

it('each fault is told apart, and whether people still come in', () => {
  const failed = (part: Partial<typeof FOUND>) => checksOf({ ...FOUND, ...part }, WANTED).filter(({ holds }) => !holds).map(({ must, says }) => `${must ? 'must' : 'may'}: ${says}`);
  expect(failed({ issuer: 'https://other.example.com' })).toEqual(['must: It calls itself https://other.example.com, and not https://login.example.com.']);
  expect(failed({ keys: 0 })).toEqual(['must: Its key set has no key.']);
  expect(failed({ algorithm_supported: false, algorithms: ['ES256', 'PS256'] })).toEqual(['must: It does not say that it signs by RS256. It signs by: ES256, PS256.']);
  expect(failed({ pkce_supported: false, names_issuer_in_answers: false }).map((one) => one.slice(0, 4))).toEqual(['may:', 'may:']);
});
