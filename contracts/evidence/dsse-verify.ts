import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import { decodeBase64, preAuthEncoding } from './dsse.ts';

/** An envelope whose form holds; nothing is verified yet. */
export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  readonly signatures: ReadonlyArray<{ readonly keyid: string; readonly signature: Uint8Array }>;
}

/** What `value` carries as an envelope over `payloadType`: undefined where it is none, has other members, or is spelled in another way than one. */
export function openedEnvelope(value: unknown, payloadType: string): OpenedEnvelope | undefined {
  if (!hasOnly(value, ['payload', 'payloadType', 'signatures']) || value.payloadType !== payloadType || !Array.isArray(value.signatures)) return undefined;
  const payload = decodeBase64(value.payload);
  const signatures = value.signatures.map(signatureOf);
  if (payload === undefined || signatures.length === 0 || signatures.includes(undefined)) return undefined;
  return { payload, signatures: signatures as OpenedEnvelope['signatures'] };
}

/** Whether `signature` is one over the type and these bytes by an Ed25519 key, as a JWK (RFC 8037). The algorithm is the key's, never the sender's choice. */
export function isSignedBy(jwk: Readonly<Record<string, string>>, payloadType: string, payload: Uint8Array, signature: Uint8Array): boolean {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string' || signature.length !== 64) return false;
  const { kty, crv, x } = jwk;
  return verify(null, preAuthEncoding(payloadType, payload), createPublicKey({ key: { kty, crv, x }, format: 'jwk' } as JsonWebKeyInput), signature);
}

function signatureOf(value: unknown): OpenedEnvelope['signatures'][number] | undefined {
  if (!hasOnly(value, ['keyid', 'sig']) || typeof value.keyid !== 'string') return undefined;
  const signature = decodeBase64(value.sig);
  return signature === undefined ? undefined : { keyid: value.keyid, signature };
}

function hasOnly<Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}
