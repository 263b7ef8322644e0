import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { envelopeOf, preAuthEncoding } from './dsse.ts';
import { isSignedBy, openedEnvelope } from './dsse-verify.ts';

const TYPE = 'application/vnd.example+json';
const PAYLOAD = Buffer.from('{"a":1}');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>;
const signature = sign(null, preAuthEncoding(TYPE, PAYLOAD), privateKey);
const envelope = envelopeOf(TYPE, PAYLOAD, [{ keyid: 'k1', signature }]);

describe('an envelope', () => {
  it('is opened as it was made, and its signature holds over the bytes that it carries', () => {
    const opened = openedEnvelope(envelope, TYPE)!;
    expect(Buffer.from(opened.payload)).toEqual(PAYLOAD);
    expect(isSignedBy(jwk, TYPE, opened.payload, opened.signatures[0]!.signature)).toBe(true);
  });

  it.each([
    ['of another type', { ...envelope, payloadType: 'application/json' }],
    ['with a member more', { ...envelope, extra: 1 }],
    ['with a payload spelled otherwise', { ...envelope, payload: envelope.payload.replace(/=+$/, '') }],
    ['with no signature', { ...envelope, signatures: [] }],
    ['with a signature spelled otherwise', { ...envelope, signatures: [{ keyid: 'k1', sig: `${envelope.signatures[0]!.sig}\n` }] }],
    ['with a signature that says more', { ...envelope, signatures: [{ ...envelope.signatures[0]!, alg: 'none' }] }],
    ['that is a list', [envelope]],
    ['that is nothing', null],
  ])('%s is none', (_, value) => {
    expect(openedEnvelope(value, TYPE)).toBeUndefined();
  });

  it('holds under no other key, type, payload or signature', () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as Record<string, string>;
    const bent = Buffer.from(signature);
    bent[0]! ^= 1;
    expect(isSignedBy(other, TYPE, PAYLOAD, signature)).toBe(false);
    expect(isSignedBy(jwk, `${TYPE}x`, PAYLOAD, signature)).toBe(false);
    expect(isSignedBy(jwk, TYPE, Buffer.from('{"a":2}'), signature)).toBe(false);
    expect(isSignedBy(jwk, TYPE, PAYLOAD, bent)).toBe(false);
    expect(isSignedBy({ ...jwk, kty: 'oct', k: 'AA' }, TYPE, PAYLOAD, signature)).toBe(false);
  });
});
