import { decodeArchive, encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { INDEX_FILE, NEVER_WITHHELD, REDACTIONS_FILE, STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { Redactions } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from './errors.ts';
import { canonicalOf, readCanonical, sha256Hex } from './read.ts';
import { verifyEvidence } from './verify.ts';

/**
 * Leaves files out of evidence, so that the rest still verifies: who gets it sees which files are missing and knows their digests.
 * The page for people (index.html) goes with them, since it shows what they said.
 * @throws EvidenceError `redaction_invalid` for a file that is not there, or without which nothing is proven of the others
 */
export function redactEvidence(bytes: Uint8Array, paths: readonly string[], reason: string): Uint8Array {
  const { format } = verifyEvidence(bytes, { trustedKeys: null });
  if (format !== 'v2') throw new EvidenceError('redaction_invalid', 'manifest.json', 'Evidence of the first format verifies as a whole or not at all.');
  const files = new Map(decodeArchive(bytes));
  const already = files.has(REDACTIONS_FILE) ? readCanonical<Redactions>(files, REDACTIONS_FILE).withheld : [];
  const withheld = [...already];
  for (const path of new Set([...paths, ...(files.has(INDEX_FILE) ? [INDEX_FILE] : [])])) {
    const content = files.get(path);
    if (content === undefined || NEVER_WITHHELD.has(path) || path === REDACTIONS_FILE) throw new EvidenceError('redaction_invalid', path, refusalOf(path, content !== undefined));
    withheld.push({ path, sha256: sha256Hex(content), reason: paths.includes(path) ? reason : 'It shows what was left out.' });
    files.delete(path);
  }
  withheld.sort((a, b) => (a.path < b.path ? -1 : 1));
  files.set(REDACTIONS_FILE, Buffer.from(canonicalOf({ withheld }, REDACTIONS_FILE)));
  return encodeArchive(files);
}

function refusalOf(path: string, isThere: boolean): string {
  if (!isThere) return `There is no ${path} in the evidence.`;
  return `${path} cannot be left out: without it nothing is proven of the other files${path === STATEMENT_FILE ? ', which it names' : ''}.`;
}
