import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { KeysError } from './keys.ts';

/**
 * Sealed bytes: `version | generation u32 | nonce 12 | tag 16 | body`, AES-256-GCM. Version 1, which `file-keys.ts` writes, has no generation.
 * The additional data bind the bytes to a purpose, a tenant and the id of what holds them.
 */
const VERSION = 2;
const [NONCE_AT, TAG_AT, BODY_AT] = [5, 17, 33];

export function sealUnder(key: KeyObject, generation: number, boundTo: string, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(boundTo));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([sealedPrefix(generation), nonce, cipher.getAuthTag(), body]);
}

/** What all bytes that are sealed under this generation begin with. */
export function sealedPrefix(generation: number): Buffer {
  const prefix = Buffer.allocUnsafe(NONCE_AT);
  prefix[0] = VERSION;
  prefix.writeUInt32BE(generation, 1);
  return prefix;
}

/** @throws KeysError `unseal_failed` */
export function unsealUnder(key: KeyObject, boundTo: string, sealed: Buffer): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(NONCE_AT, TAG_AT));
  decipher.setAAD(Buffer.from(boundTo));
  decipher.setAuthTag(sealed.subarray(TAG_AT, BODY_AT));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(BODY_AT)), decipher.final()]);
  } catch (cause) {
    throw new KeysError('unseal_failed', 'Sealed bytes could not be opened: wrong key, tenant, purpose or context, or altered bytes.', { cause });
  }
}

/** Which generation of keys opens the bytes; 0 for those of version 1. @throws KeysError `unseal_failed` */
export function generationOf(sealed: Buffer): number {
  if (sealed[0] === 1) return 0;
  if (sealed[0] !== VERSION || sealed.length < BODY_AT) throw new KeysError('unseal_failed', 'Not a sealed value.');
  return sealed.readUInt32BE(1);
}
