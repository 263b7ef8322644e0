import { EVIDENCE_FORMAT } from '@countersign/contracts/evidence/bundle.ts';
import type { EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { EvidenceError } from '../errors.ts';
import { sha256Hex } from '../read.ts';
import type { Proof } from '../verification.ts';

/** Files that the manifest cannot list: itself, and the signature over it. */
const UNLISTED = new Set(['manifest.json', 'signature.json']);

/** Every file is the one that the manifest lists, and there is no other. */
export function checkFiles(files: ArchiveFiles, manifest: EvidenceManifest): Proof {
  if (manifest.format !== EVIDENCE_FORMAT || !Array.isArray(manifest.files)) {
    throw new EvidenceError('format_unknown', 'manifest.json', `manifest.json is not of the format ${EVIDENCE_FORMAT}. A newer countersign may read it.`);
  }
  for (const { path, sha256, size_bytes } of manifest.files) {
    const bytes = files.get(path);
    if (bytes === undefined) throw new EvidenceError('file_missing', path, `${path} is listed in manifest.json and missing from the bundle.`);
    if (bytes.length !== size_bytes || sha256Hex(bytes) !== sha256) {
      throw new EvidenceError('file_altered', path, `${path} was altered: its SHA-256 is not the one in manifest.json.`);
    }
  }
  const listed = new Set(manifest.files.map((file) => file.path));
  for (const path of files.keys()) {
    if (!listed.has(path) && !UNLISTED.has(path)) throw new EvidenceError('file_unexpected', path, `${path} is in the bundle and not listed in manifest.json.`);
  }
  return { check: 'files', proves: `All ${manifest.files.length} files are exactly those that manifest.json lists.` };
}
