import { createPrivateKey, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { contentDigest, messageSignature } from './message-signature.ts';

/** RFC 9421, B.1.4 (the key) and B.2.6 (what it signs); Ed25519 signs the same bytes to the same signature each time. */
const KEY = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' } });
const key = { kid: 'test-key-ed25519', sign: (bytes: Uint8Array) => Promise.resolve(sign(null, bytes, KEY)) };
const message = {
  method: 'POST', url: 'https://example.com/foo?param=Value&Pet=dog',
  headers: { date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json', 'content-length': '18' },
};

test('a request is signed as in the example of RFC 9421, B.2.6', async () => {
  const covered = ['date', '@method', '@path', '@authority', 'content-type', 'content-length'];
  expect(await messageSignature(message, covered, key, { label: 'sig-b26', at: new Date(1_618_884_473_000) })).toEqual({
    'signature-input': 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
  });
});

test('the digest of a body is that of RFC 9530, B.1', () => {
  expect(contentDigest('{"hello": "world"}\n')).toBe('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:');
});

test('what is not there is not signed', async () => {
  await expect(messageSignature(message, ['content-digest'], key, { label: 'a', at: new Date() })).rejects.toThrow('The request has no content-digest to sign.');
});
