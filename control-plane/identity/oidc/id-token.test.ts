import { expect, test } from 'vitest';
import { verifySignature } from './id-token.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = `${encoded({ alg: 'RS256', kid: 'k' })}.${encoded({ sub: 'a' })}.${Buffer.alloc(256).toString('base64url')}`;

test.each<[string, object]>([
  ['that is too short', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
  ['whose parts are no numbers', { kty: 'RSA', n: '!', e: '!' }],
  ['without its parts', { kty: 'RSA' }],
  ['that is symmetric', { kty: 'oct', k: 'AAAA' }],
  ['of another algorithm', { kty: 'RSA', n: 'AQAB', e: 'AQAB', alg: 'RS512' }],
])('a key %s has signed nothing, and says so like any other that does not fit', async (_name, key) => {
  await expect(verifySignature(token, { keys: [{ kid: 'k', ...key }] } as never, 'RS256')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_J/) as string });
  await expect(verifySignature(token, { keys: [{ kid: 'k', ...key }, { kid: 'k', ...key }] } as never, 'RS256')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_J/) as string });
});
