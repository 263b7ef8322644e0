import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceKeys, EvidenceManifest, EvidenceSignature } from '@countersign/contracts/evidence/bundle.ts';
import { EvidenceError } from '../errors.ts';
import { requireSignature } from '../keys.ts';
import { readCanonical } from '../read.ts';
import type { Proof } from '../verification.ts';

/** The manifest is signed by the cell's evidence key. */
export function checkSignature(files: ArchiveFiles, manifest: EvidenceManifest, trusted: EvidenceKeys | null): Proof {
  const { algorithm, kid, signature } = readCanonical<EvidenceSignature>(files, 'signature.json');
  if (algorithm !== 'EdDSA') throw new EvidenceError('signature_invalid', 'signature.json', 'signature.json names an algorithm that evidence is not signed with.');
  requireSignature({ files, trusted, kid, purpose: 'evidence', file: 'signature.json', signed: files.get('manifest.json')!, signedAt: manifest.built_at, signature });
  return { check: 'signature', proves: `manifest.json is signed by the evidence key ${kid}${trusted === null ? ' that came with the bundle' : ', which you trust'}.` };
}
