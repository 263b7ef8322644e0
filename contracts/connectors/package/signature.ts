import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import type { PackageStatement } from './package.ts';

/**
 * Signatures of packages: DSSE (github.com/secure-systems-lab/dsse, protocol.md) with Ed25519. What is verified is the pre-authentication
 * encoding, and what is read afterwards are the same bytes.
 */
export const PACKAGE_PAYLOAD_TYPE = 'application/vnd.countersign.connector-package.v1+json';

export interface SignedPackage {
  readonly payloadType: string;
  /** The statement's canonical JSON, in base64. */
  readonly payload: string;
  readonly signatures: Array<{ readonly keyid: string; readonly sig: string }>;
}

/** A public Ed25519 key (RFC 8037). */
export interface PublisherJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** What a publisher keeps: with `d`, which never leaves the publisher's machine. */
export interface PublisherKey extends PublisherJwk {
  readonly d: string;
}

export function newPublisherKey(): PublisherKey {
  const { kty, crv, x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kty, crv, x, d } as PublisherKey;
}

/** The name of a key: its RFC 7638 thumbprint. */
export function publisherKid({ crv, kty, x }: PublisherJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url');
}

export function signPackage(statement: PackageStatement, key: PublisherKey): SignedPackage {
  const { manifest_digest, name, package_digest, version } = statement;
  const payload = Buffer.from(JSON.stringify({ manifest_digest, name, package_digest, version }), 'utf8');
  const sig = sign(null, preAuthentication(payload), createPrivateKey({ key: { ...key }, format: 'jwk' } as JsonWebKeyInput));
  return { payloadType: PACKAGE_PAYLOAD_TYPE, payload: payload.toString('base64'), signatures: [{ keyid: publisherKid(key), sig: sig.toString('base64') }] };
}

/** The key ids that a signature names: hints for finding the key, nothing more. */
export function signersOf(signed: SignedPackage): string[] {
  return signed.signatures.map(({ keyid }) => keyid);
}

/** What was signed, or null when the signature is not one by this key over these bytes, or says something other than a statement. */
export function verifyPackage(signed: SignedPackage, key: PublisherJwk): PackageStatement | null {
  if (signed.payloadType !== PACKAGE_PAYLOAD_TYPE) return null;
  const { crv, kty, x } = key;
  const payload = Buffer.from(signed.payload, 'base64');
  const kid = publisherKid(key);
  const signature = signed.signatures.find(({ keyid }) => keyid === kid);
  if (signature === undefined) return null;
  const publicKey = createPublicKey({ key: { crv, kty, x }, format: 'jwk' } as JsonWebKeyInput);
  return verify(null, preAuthentication(payload), publicKey, Buffer.from(signature.sig, 'base64')) ? statementOf(payload) : null;
}

/** Whether a value is a key of a publisher. Ed25519 alone is taken: the algorithm is never the sender's choice. */
export function isPublisherJwk(value: unknown): value is PublisherJwk {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, x } = value as Record<string, unknown>;
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && /^[A-Za-z0-9_-]{43}$/.test(x);
}

function preAuthentication(payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PACKAGE_PAYLOAD_TYPE.length} ${PACKAGE_PAYLOAD_TYPE} ${payload.length} `, 'utf8'), payload]);
}

function statementOf(payload: Uint8Array): PackageStatement | null {
  try {
    const { manifest_digest, name, package_digest, version } = JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>;
    if (![manifest_digest, name, package_digest, version].every((member) => typeof member === 'string')) return null;
    return { manifest_digest, name, package_digest, version } as PackageStatement;
  } catch {
    return null;
  }
}
