import { createPublicKey, verify } from 'node:crypto';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceKeys, EvidenceSignature } from '@countersign/contracts/evidence/bundle.ts';
import { EvidenceError } from './errors.ts';
import { readCanonical } from './read.ts';
import type { Proof } from './proof.ts';

type KeyPurpose = EvidenceKeys['keys'][number]['purpose'];

/** The manifest is signed by the cell's evidence key. */
export function checkSignature(files: ArchiveFiles, trusted: EvidenceKeys | null): Proof {
  const { algorithm, kid, signature } = readCanonical<EvidenceSignature>(files, 'signature.json');
  if (algorithm !== 'EdDSA') throw new EvidenceError('signature_invalid', 'signature.json', 'signature.json names an algorithm that evidence is not signed with.');
  requireSignature({ files, trusted, kid, purpose: 'evidence', file: 'signature.json', signed: files.get('manifest.json')!, signature });
  return { check: 'signature', proves: `manifest.json is signed by the evidence key ${kid}${trusted === null ? ' that came with the bundle' : ', which you trust'}.` };
}

interface SignatureToCheck {
  readonly files: ArchiveFiles;
  readonly trusted: EvidenceKeys | null;
  readonly kid: string;
  readonly purpose: KeyPurpose;
  /** The file to name when it does not hold. */
  readonly file: string;
  readonly signed: Uint8Array;
  /** base64url, no padding, 64 bytes. */
  readonly signature: string;
}

/** @throws EvidenceError when the key is unknown, not trusted, for another purpose, or the signature does not hold */
export function requireSignature(check: SignatureToCheck): void {
  const own = readCanonical<EvidenceKeys>(check.files, 'keys.json').keys;
  const keys = check.trusted?.keys ?? own;
  const key = keys.find((candidate) => candidate.kid === check.kid && candidate.purpose === check.purpose);
  if (key === undefined) {
    const code = check.trusted === null ? 'key_missing' : 'key_not_trusted';
    throw new EvidenceError(code, check.file, `${check.file} is signed by the key ${check.kid}, which is not a ${check.purpose} key ${check.trusted === null ? 'in keys.json' : 'in the key set you trust'}.`);
  }
  // Node ignores what does not belong in base64url: only the one spelling of these 64 bytes is accepted.
  const bytes = Buffer.from(String(check.signature), 'base64url');
  const spelled = bytes.length === 64 && bytes.toString('base64url') === check.signature;
  if (!spelled || !verifies(key.public_jwk, check.signed, bytes)) {
    throw new EvidenceError('signature_invalid', check.file, `The signature in ${check.file} does not hold.`);
  }
}

function verifies(jwk: Readonly<Record<string, string>>, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, signed, createPublicKey({ key: { ...jwk }, format: 'jwk' }), signature);
  } catch {
    return false; // a key that cannot be read verifies nothing
  }
}
