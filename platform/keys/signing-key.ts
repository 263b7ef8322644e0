import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningKey, SigningPurpose } from './keys.ts';

/** A new private key: P-256 for bundles (OPA has no EdDSA), Ed25519 for the rest. */
export function newPrivateKey(purpose: SigningPurpose): KeyObject {
  return purpose === 'policy_bundle' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : generateKeyPairSync('ed25519').privateKey;
}

/** What signs with a P-256 or Ed25519 private key. */
export function signingKeyOf(privateKey: KeyObject): SigningKey {
  return privateKey.asymmetricKeyType === 'ec' ? ecKey(privateKey) : ed25519Key(privateKey);
}

/** PKCS #8 in DER, as it is wrapped. */
export function privateKeyBytes(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

export function privateKeyFrom(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' });
}

/** PKCS #8 of an Ed25519 seed (RFC 8410): a fixed prefix, then the 32 bytes. */
export function ed25519From(seed: Buffer): KeyObject {
  return privateKeyFrom(Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]));
}

function ecKey(privateKey: KeyObject): SigningKey {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>;
  return {
    kid: thumbprint({ crv: crv!, kty: kty!, x: x!, y: y! }),
    algorithm: 'ES256',
    publicJwk: { kty: kty!, crv: crv!, x: x!, y: y! },
    sign: (bytes) => Promise.resolve(sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}

function ed25519Key(privateKey: KeyObject): SigningKey {
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string>;
  return {
    kid: thumbprint({ crv: crv!, kty: kty!, x: x! }),
    algorithm: 'EdDSA',
    publicJwk: { kty: kty!, crv: crv!, x: x! },
    sign: (bytes) => Promise.resolve(sign(null, bytes, privateKey)),
  };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
function thumbprint(members: Record<string, string>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
