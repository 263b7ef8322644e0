import { expect, it } from 'vitest';
import { decodeBase64, envelopeOf, preAuthEncoding } from './dsse.ts';

it('encodes what is signed as the specification does', () => {
  // The example of protocol.md of the specification.
  expect(Buffer.from(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

it('counts bytes, not letters', () => {
  expect(Buffer.from(preAuthEncoding('t', Buffer.from('ü'))).toString()).toBe('DSSEv1 1 t 2 ü');
});

it('writes one spelling of base64, and takes no other', () => {
  const { payload } = envelopeOf('t', Buffer.from([0xfb, 0xff]), []);
  expect(payload).toBe('+/8=');
  expect(decodeBase64(payload)).toEqual(Buffer.from([0xfb, 0xff]));
  for (const other of ['-_8=', '+/8', '+/9=', ' +/8=', '+/8=\n', '+/8==', 1, null]) expect(decodeBase64(other), String(other)).toBeUndefined();
});
