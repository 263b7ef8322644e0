import { createPrivateKey, sign } from 'node:crypto';
import type { CredentialValue } from './ports.ts';

export type SignedJwtCredential = Extract<CredentialValue, { kind: 'signed_jwt' }>;

/** Dated back for clocks that are behind ours, and under the ten minutes after which peers refuse such a token. */
const DATED_BACK_S = 60;
const LIFETIME_S = 9 * 60;

/**
 * `{iss, iat, exp}` signed with RS256 (RFC 7515, RFC 7518 3.3), to be exchanged at once for an access token.
 * @throws TypeError when the key is no RSA private key in PEM; its text is in no message
 */
export function signedJwt({ issuer, privateKeyPem }: SignedJwtCredential, now: Date): string {
  const now_s = Math.floor(now.getTime() / 1_000);
  const claims = { iat: now_s - DATED_BACK_S, exp: now_s + LIFETIME_S, iss: issuer };
  const signed = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed, 'ascii'), rsaKeyOf(privateKeyPem)).toString('base64url')}`;
}

function rsaKeyOf(pem: string): ReturnType<typeof createPrivateKey> {
  let key: ReturnType<typeof createPrivateKey> | null;
  try {
    key = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // What OpenSSL says of a key that it cannot read helps nobody, and is best not near a log.
    key = null;
  }
  if (key?.asymmetricKeyType !== 'rsa') throw new TypeError('private_key_pem is not an RSA private key in PEM');
  return key;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part), 'utf8').toString('base64url');
}
