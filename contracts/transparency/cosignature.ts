import { COSIGNATURE_V1, signaturesOf, verifyEd25519 } from './note.ts';
import type { NoteSignature, SignedNote, VerifierKey } from './note.ts';

/**
 * Cosignatures of witnesses (c2sp.org/tlog-cosignature, version 1): that the log with this checkpoint had never shown the witness another
 * history, and when it saw this one. The bytes behind the key's id are the time, eight bytes, seconds since 1970, and the signature.
 */
export interface Cosignature {
  readonly name: string;
  readonly time: Date;
}

/** What a witness signs: the time, then the text of the checkpoint. */
export function cosignedMessage(text: string, time_s: number): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${time_s}\n${text}`);
}

export function cosignatureOf(key: VerifierKey, time_s: number, signature: Uint8Array): NoteSignature {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(time_s));
  return { name: key.name, keyId: key.keyId, bytes: Buffer.concat([time, signature]) };
}

/** The cosignature of this witness on the note; null where it has none, or one that does not hold. */
export function cosignedBy(note: SignedNote, key: VerifierKey): Cosignature | null {
  if (key.type !== COSIGNATURE_V1) return null;
  const times = signaturesOf(note, key).map(({ bytes }) => timeOf(bytes, note.text, key));
  return times.includes(null) ? null : times.filter((time) => time !== null).map((time) => ({ name: key.name, time })).at(0) ?? null;
}

function timeOf(bytes: Uint8Array, text: string, key: VerifierKey): Date | null {
  if (bytes.byteLength !== 72) return null;
  const time_s = Number(Buffer.from(bytes).readBigUInt64BE(0));
  const time = new Date(time_s * 1_000);
  if (!Number.isSafeInteger(time_s) || Number.isNaN(time.getTime())) return null;
  return verifyEd25519(key.publicKey, cosignedMessage(text, time_s), bytes.subarray(8)) ? time : null;
}
