import { createECDH, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The order of the P-256 group (FIPS 186-5, SP 800-186). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * The P-256 private key for 32 derived bytes: reduced into [1, n-1]. The bias of reducing 256 bits is about 2^-32,
 * which does not matter for a key that is never used with biased nonces (OpenSSL draws those).
 */
export function p256(derived: Buffer): KeyObject {
  const d = (BigInt(`0x${derived.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const scalar = Buffer.from(d.toString(16).padStart(64, '0'), 'hex');
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33, 65).toString('base64url'),
    },
  });
}
