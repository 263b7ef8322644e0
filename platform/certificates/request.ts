import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { bitString, COMMON_NAME, CONTEXT_0, ECDSA_WITH_SHA256, element, INTEGER, SEQUENCE, SET, UTF8_STRING } from './der.ts';
import { pemOf } from './pem.ts';

/**
 * A certificate request (PKCS #10, RFC 2986) for a P-256 key: a name, the public key, and the proof that whoever asks holds the private one.
 * Written here because the library for it brings a dependency container and 20 MB of memory into an agent that needs thirty lines of it; the library
 * reads what this writes wherever a certificate is made.
 */
export function certificateRequest(privateKey: KeyObject, name: string): string {
  const subject = element(SEQUENCE, element(SET, element(SEQUENCE, COMMON_NAME, element(UTF8_STRING, Buffer.from(name)))));
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const info = element(SEQUENCE, element(INTEGER, Buffer.from([0])), subject, key, element(CONTEXT_0));
  const signature = sign('sha256', info, privateKey);
  return pemOf('CERTIFICATE REQUEST', element(SEQUENCE, info, ECDSA_WITH_SHA256, bitString(signature)));
}
