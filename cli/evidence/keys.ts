import { createPublicKey, verify } from 'node:crypto';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceKey, EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { EvidenceError } from './errors.ts';
import { readCanonical } from './read.ts';

interface SignatureToCheck {
  readonly files: ArchiveFiles;
  readonly trusted: EvidenceKeys | null;
  readonly kid: string;
  readonly purpose: EvidenceKey['purpose'];
  /** The file to name when it does not hold. */
  readonly file: string;
  readonly signed: Uint8Array;
  /** When it says that it was signed. */
  readonly signedAt: string;
  /** base64url, no padding, 64 bytes; or the bytes. */
  readonly signature: string | Uint8Array;
}

/** @throws EvidenceError when the key is unknown, not trusted, for another purpose, compromised, or the signature does not hold */
export function requireSignature(check: SignatureToCheck): void {
  const key = keysFor(check.files, check.trusted, check.purpose).find((candidate) => candidate.kid === check.kid);
  if (key === undefined) throw unknownKey(check.file, `the key ${check.kid}`, check.purpose, check.trusted);
  const bytes = typeof check.signature === 'string' ? onlySpelling(check.signature) : check.signature;
  if (bytes?.length !== 64 || !verifies(key.public_jwk, check.signed, bytes)) {
    throw new EvidenceError('signature_invalid', check.file, `The signature in ${check.file} does not hold.`);
  }
  requireNotCompromised(key, check.file, check.signedAt);
}

/** The keys of the set that the caller trusts, or else of the bundle itself, that are for this purpose. */
export function keysFor(files: ArchiveFiles, trusted: EvidenceKeys | null, purpose: EvidenceKey['purpose']): EvidenceKey[] {
  const { keys } = trusted ?? readCanonical<EvidenceKeys>(files, 'keys.json');
  if (!Array.isArray(keys)) throw new EvidenceError('file_invalid', 'keys.json', 'keys.json holds no keys.');
  return keys.filter((key) => key.purpose === purpose);
}

export function unknownKey(file: string, which: string, purpose: EvidenceKey['purpose'], trusted: EvidenceKeys | null): EvidenceError {
  return new EvidenceError(trusted === null ? 'key_missing' : 'key_not_trusted', file, `${file} is signed by ${which}, which is not a ${purpose} key ${trusted === null ? 'in keys.json' : 'in the key set you trust'}.`);
}

/**
 * Whoever has a compromised key signs with whatever date they like: only somebody else can tell when it was signed.
 * @param seenAt when a witness that the caller trusts had seen what was signed, if one had
 */
export function requireNotCompromised(key: EvidenceKey, file: string, signedAt: string, seenAt: Date | null = null): void {
  const since = key.compromised_since ?? null;
  if (since === null || (seenAt !== null && seenAt.getTime() < Date.parse(since))) return;
  throw new EvidenceError('key_revoked', file, `${file} is signed, as it says at ${signedAt}, by the key ${key.kid}, which others may have since ${since}. That it was signed before then is for a witness to say, or for its SHA-256 in the audit of the cell.`);
}

/** Node ignores what does not belong in base64url: only the one spelling of these bytes is accepted. */
function onlySpelling(signature: unknown): Uint8Array | undefined {
  const bytes = Buffer.from(String(signature), 'base64url');
  return bytes.toString('base64url') === signature ? bytes : undefined;
}

function verifies(jwk: Readonly<Record<string, string>>, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, signed, createPublicKey({ key: { ...jwk }, format: 'jwk' }), signature);
  } catch {
    return false; // a key that cannot be read verifies nothing
  }
}
