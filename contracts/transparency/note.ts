import { createPublicKey, hash, verify } from 'node:crypto';

/**
 * Signed notes (c2sp.org/signed-note): a text that ends with a line feed, an empty line, and a line `— <name> <base64>` per signature, where
 * the base64 holds four bytes that name the key and the signature. What a reader does not know is left alone.
 */
export interface SignedNote {
  /** With its last line feed, without the empty line: exactly the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly keyId: string;
  /** What follows the key's id: 64 bytes for Ed25519. */
  readonly bytes: Uint8Array;
}

/** The first byte of what a verifier key holds: plain Ed25519 over the text, or a cosignature with its time (c2sp.org/tlog-cosignature). */
export const ED25519 = 0x01;
export const COSIGNATURE_V1 = 0x04;

export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  readonly type: typeof ED25519 | typeof COSIGNATURE_V1;
  /** The raw 32 bytes of the Ed25519 key. */
  readonly publicKey: Uint8Array;
}

const MAX_NOTE_BYTES = 65_536;
const MAX_SIGNATURES = 100;
const NAME = /^[^\s+\p{C}]{1,512}$/u;

/** The note as bytes say it; null for what is not one. */
export function parseNote(bytes: Uint8Array | string): SignedNote | null {
  const whole = typeof bytes === 'string' ? bytes : textOf(bytes);
  // Control characters but the line feed are none of a note's.
  if (whole === null || whole.length > MAX_NOTE_BYTES || hasControls(whole) || !whole.endsWith('\n')) return null;
  const end = whole.lastIndexOf('\n\n');
  if (end < 1) return null;
  const lines = whole.slice(end + 2, -1).split('\n');
  const signatures = lines.map(parseSignature);
  if (lines.length > MAX_SIGNATURES || signatures.includes(null)) return null;
  return { text: whole.slice(0, end + 1), signatures: signatures.filter((one) => one !== null) };
}

/** The note with a line per signature. */
export function formatNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** With its line feed. */
export function formatSignature({ name, keyId, bytes }: NoteSignature): string {
  return `\u2014 ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), bytes]).toString('base64')}\n`;
}

/** A signature line without its line feed; null for what is not one. */
export function parseSignature(line: string): NoteSignature | null {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  const bytes = fromBase64(encoded);
  if (dash !== '\u2014' || rest.length > 0 || !NAME.test(name) || bytes === null || bytes.length < 5) return null;
  return { name, keyId: bytes.toString('hex', 0, 4), bytes: bytes.subarray(4) };
}

/** The four bytes, as hexadecimal digits, by which a note names a key: of its name, its type and itself. */
export function keyIdOf(name: string, type: number, publicKey: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey]), 'hex').slice(0, 8);
}

export function verifierKeyOf(name: string, type: VerifierKey['type'], publicKey: Uint8Array): VerifierKey {
  return { name, type, publicKey, keyId: keyIdOf(name, type, publicKey) };
}

/** `<name>+<key id>+<base64 of type and key>`: how a verifier key is written down. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${Buffer.concat([Buffer.from([type]), publicKey]).toString('base64')}`;
}

/** Null for what is not a verifier key of a type that is known here, or names itself wrongly. */
export function parseVerifierKey(text: string): VerifierKey | null {
  const [name = '', keyId = '', ...rest] = text.split('+');
  // Base64 has plus signs of its own.
  const bytes = fromBase64(rest.join('+'));
  if (!NAME.test(name) || bytes === null || bytes.length !== 33) return null;
  const type = bytes[0];
  if (type !== ED25519 && type !== COSIGNATURE_V1) return null;
  const key = verifierKeyOf(name, type, bytes.subarray(1));
  return key.keyId === keyId ? key : null;
}

/** The verifier key of an Ed25519 key that is published as a JWK; null for any other. */
export function verifierKeyOfJwk(name: string, jwk: Readonly<Record<string, string>>): VerifierKey | null {
  const publicKey = jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519' ? Buffer.from(jwk['x'] ?? '', 'base64url') : null;
  return publicKey?.length === 32 ? verifierKeyOf(name, ED25519, publicKey) : null;
}

/** Whether the note carries a signature of this key over its text. Of several lines that name the key, each must hold: a forged one beside a true one is an alteration. */
export function isSignedBy(note: SignedNote, key: VerifierKey): boolean {
  const own = signaturesOf(note, key);
  return key.type === ED25519 && own.length > 0 && own.every(({ bytes }) => verifyEd25519(key.publicKey, Buffer.from(note.text), bytes));
}

export function signaturesOf(note: SignedNote, key: VerifierKey): NoteSignature[] {
  return note.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
}

export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.byteLength !== 64) return false;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' });
  return verify(null, message, key, signature);
}

/** Standard base64 with padding, spelt in the one way; null for anything else. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return text.length > 0 && bytes.toString('base64') === text ? bytes : null;
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x0a) || code === 0x7f) return true;
  }
  return false;
}
