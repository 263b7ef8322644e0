import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SpoolError } from './errors.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** AES-256-GCM with a random nonce. `place` is bound to it, so that what is sealed cannot be moved to another row. */
export function seal(key: Uint8Array, place: string, text: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SpoolError `spool_damaged` it was not sealed with this key for this place, or a bit of it changed */
export function unseal(key: Uint8Array, place: string, sealed: Uint8Array): string {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new SpoolError('spool_damaged', `${place} of the spool cannot be read with its key: the file or the key is another, or was changed.`, { cause: error });
  }
}
