import { describe, expect, test } from 'vitest';
import { MINIMISED_KINDS } from './find-sensitive.ts';
import { minimise } from './minimise.ts';

const all = (text: string) => minimise(text, MINIMISED_KINDS);

describe('what is replaced', () => {
  test.each([
    ['emails', 'Write to jo.doe+vpn@mail.example.co.uk, please.', 'Write to [email-1], please.'],
    ['emails', 'müller@bücher.example', '[email-1]'],
    ['phone_numbers', 'Call +49 40 1234-5678 or (020) 7946 0958.', 'Call [phone-1] or [phone-2].'],
    ['ip_addresses', 'from 10.0.0.1:443 and fe80::1 to 2001:db8:0:0:0:0:0:1', 'from [ip-1] and [ip-2] to [ip-3]'],
    ['secrets', 'key sk-proj-0123456789abcdef0123 leaked', 'key [secret-1] leaked'],
    ['secrets', 'AKIAIOSFODNN7EXAMPLE', '[secret-1]'],
    ['secrets', 'header eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1', 'header [secret-1]'],
    ['secrets', 'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----\nz', 'a\n[secret-1]\nz'],
    ['secrets', 'password: hunter2 and Passwort=Sommer2026!', 'password: [secret-1] and Passwort=[secret-2]'],
    ['secrets', 'my password is Winter#2025.', 'my password is [secret-1].'],
    ['secrets', 'api_key = "abc-123"', 'api_key = "[secret-1]"'],
  ])('%s: %s', (kind, text, expected) => {
    const { value, counts } = all(text);
    expect(value).toBe(expected);
    expect(counts).toEqual({ [kind]: [...expected.matchAll(/\[\w+-\d+\]/g)].length });
  });

  test.each([
    'INC0010002 since 2026-11-21 08:15:00, error 0x80190001', 'Version 10.2.3 of the client', 'It is 12:30:45 now', 'The password is wrong', 'password reset does not work',
    'Passwort vergessen', 'room 4.12, extension 4417', 'price 1.234,56 EUR', 'user @ home', 'see /opt/app/config/settings.json',
  ])('not: %s', (text) => {
    expect(all(text)).toMatchObject({ value: text, counts: {} });
  });

  test('the same is the same, everywhere in the input, so that the model can tell one from another', () => {
    const { value, counts } = minimise({ from: 'a@example.com', body: ['b@example.com wrote to a@example.com', 7, null] }, ['emails']);
    expect(value).toEqual({ from: '[email-1]', body: ['[email-2] wrote to [email-1]', 7, null] });
    expect(counts).toEqual({ emails: 3 });
  });

  test('only what the workflow asks for', () => {
    expect(minimise('a@example.com 10.0.0.1', ['ip_addresses']).value).toBe('a@example.com [ip-1]');
    expect(minimise('a@example.com', []).value).toBe('a@example.com');
  });
});

describe('what comes back', () => {
  test('placeholders become what they stand for, in every text', () => {
    const { restore } = all('a@example.com 10.0.0.1');
    expect(restore({ note: 'Asked [email-1] about [ip-1]', list: ['[email-9]'] })).toEqual({ note: 'Asked a@example.com about 10.0.0.1', list: ['[email-9]'] });
  });

  test('a placeholder that the ticket itself holds means itself', () => {
    const { value, restore } = all('[email-1] is not a@example.com');
    expect(value).toBe('[email-1] is not [email-2]');
    expect(restore('[email-1]')).toBe('[email-1]');
  });
});

test.each([
  ['@', 'a@'.repeat(50_000)], ['digits', '1 '.repeat(50_000)], ['colons', 'a:'.repeat(50_000)], ['one word', 'aA1'.repeat(33_000)],
  ['keys without an end', '-----BEGIN '.repeat(9_000)], ['passwords', 'password: '.repeat(10_000)], ['brackets', '('.repeat(100_000)], ['passwords of spaces', 'password '.repeat(11_000)], ['spaces', `password${' '.repeat(90_000)}x`],
])('takes no longer for 100,000 characters of %s', (_what, text) => {
  const started = performance.now();
  all(text);
  // Quadratic time would be minutes.
  expect(performance.now() - started).toBeLessThan(2_000);
});
