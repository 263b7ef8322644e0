import { ArchiveError, decodeArchive } from '@countersign/contracts/evidence/archive.ts';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from './errors.ts';
import { verifyBundle } from './v1/verify-bundle.ts';
import { verifyStatement } from './v2/verify-statement.ts';
import type { Verification, VerifyOptions } from './verification.ts';

/**
 * Verifies evidence from its bytes alone: no server, no database, no clock. Of a run, or a package of them or of something else.
 * Everything is compared byte for byte; what is not in canonical form is refused even where its meaning is the same.
 *
 * @throws EvidenceError naming the file and what is wrong with it
 */
export function verifyEvidence(bytes: Uint8Array, options: VerifyOptions): Verification {
  try {
    return verified(bytes, options, (member) => verified(member, options, refuseNested));
  } catch (error) {
    // Whoever signs with a key of their own may put anything where a list or a text belongs.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new EvidenceError('file_invalid', 'the bundle', 'A file of the bundle is not of the form that evidence has.', { cause: error });
  }
}

function verified(bytes: Uint8Array, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification): Verification {
  const files = openArchive(bytes);
  const verification = files.has(STATEMENT_FILE) ? verifyStatement(files, options, verifyMember) : verifyBundle(files, options);
  const expected = options.expectTenant ?? null;
  if (expected !== null && verification.tenant_id !== expected) {
    throw new EvidenceError('tenant_unexpected', verification.format === 'v2' ? STATEMENT_FILE : 'manifest.json', `The evidence is of the tenant ${verification.tenant_id}, not of ${expected}.`);
  }
  return verification;
}

/** Each package inside of another one would be held whole in memory, as deep as somebody likes. */
function refuseNested(): never {
  throw new EvidenceError('member_altered', STATEMENT_FILE, 'A package holds the evidence of runs, not of other packages.');
}

function openArchive(bytes: Uint8Array): ArchiveFiles {
  try {
    return decodeArchive(bytes);
  } catch (error) {
    if (error instanceof ArchiveError) throw new EvidenceError('archive_altered', error.file ?? 'the archive', error.message, { cause: error });
    throw error;
  }
}
