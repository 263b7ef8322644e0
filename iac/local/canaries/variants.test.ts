import { expect, test } from 'vitest';
import { variantsOf, VARIANTS } from './variants.ts';

const canary = { name: 'test', value: `cnry0123456789abcdef"<&>/+ %é'` };
const found = (text: string | Buffer): string[] => {
  const held = (typeof text === 'string' ? Buffer.from(text) : text).toString('latin1');
  return [...variantsOf(canary)].filter(([form]) => held.includes(form)).map(([, name]) => name);
};

test.each<[string, string | Buffer]>([
  ['raw', `password=${canary.value};`], ['base64', Buffer.from(`x:${canary.value}.`).toString('base64')], ['base64', Buffer.from(`${canary.value}`).toString('base64')],
  ['base64', Buffer.from(`user:${canary.value}!!`).toString('base64')], ['base64url', Buffer.from(`{"a":"${canary.value}"}`).toString('base64url')],
  ['hex', `\\x${Buffer.from(canary.value).toString('hex')}`], ['url', `?a=${encodeURIComponent(canary.value)}`], ['url', new URLSearchParams({ a: canary.value }).toString()],
  ['json', JSON.stringify({ a: canary.value })], ['json', JSON.stringify(JSON.stringify({ a: canary.value }))], ['html', `<p>${canary.value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}`],
  ['utf16', Buffer.from(canary.value, 'utf16le')], ['utf16', Buffer.from(canary.value, 'utf16le').swap16()],
])('%s is found in %s', (name, text) => {
  expect(found(text).some((one) => one === name || one === 'raw')).toBe(true);
  expect(VARIANTS).toContain(name);
});

test('what is another value is not found', () => {
  expect(found('cnry0123456789abcdee and cnry012345678')).toEqual([]);
});
