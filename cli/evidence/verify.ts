import { ArchiveError, decodeArchive } from '@countersign/contracts/evidence/archive.ts';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceKeys, EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import { checkActions } from './check-actions.ts';
import { checkChain } from './check-chain.ts';
import { checkFiles } from './check-files.ts';
import { checkRecord } from './check-record.ts';
import { checkSignature } from './check-signature.ts';
import { EvidenceError } from './errors.ts';
import type { Proof } from './proof.ts';
import { readCanonical } from './read.ts';
import type { ApprovalRecord } from './records.ts';

export interface VerifyOptions {
  /** The key set that the caller trusts, from `GET /api/v1/keys`. Without it the bundle's own keys are used, and the result says so. */
  readonly trustedKeys: EvidenceKeys | null;
}

export interface Verification {
  readonly verified: true;
  readonly manifest: EvidenceManifest;
  readonly proofs: readonly Proof[];
  /** What a reader must not conclude. */
  readonly not_proven: readonly string[];
}

/**
 * Verifies an evidence bundle from its bytes alone: no server, no database, no clock.
 * Everything is compared byte for byte; what is not in canonical form is refused even where its meaning is the same.
 *
 * @throws EvidenceError naming the file and what is wrong with it
 */
export function verifyEvidence(bytes: Uint8Array, options: VerifyOptions): Verification {
  const files = openArchive(bytes);
  const manifest = readCanonical<EvidenceManifest>(files, 'manifest.json');
  const proofs: Proof[] = [
    checkFiles(files, manifest),
    checkSignature(files, options.trustedKeys),
    ...checkChain(files, manifest, options.trustedKeys),
    ...checkActions(files),
    ...checkRecord(files, manifest),
  ];
  return { verified: true, manifest, proofs, not_proven: [...shreddedActions(files), ...notProven(manifest, options)] };
}

function openArchive(bytes: Uint8Array): ArchiveFiles {
  try {
    return decodeArchive(bytes);
  } catch (error) {
    if (error instanceof ArchiveError) throw new EvidenceError('archive_altered', error.file ?? 'the archive', error.message, { cause: error });
    throw error;
  }
}

/** Actions that were shredded before the bundle was built (a run redriven after its retention). */
function shreddedActions(files: ArchiveFiles): string[] {
  const { approvals } = readCanonical<{ approvals: ApprovalRecord[] }>(files, 'approvals.json');
  return approvals.filter((approval) => typeof approval.shredded_at === 'string')
    .map((approval) => `What ${approval.id} allowed: its action was shredded at ${approval.shredded_at} when its retention ended; only its digest is left.`);
}

function notProven(manifest: EvidenceManifest, options: VerifyOptions): string[] {
  return [
    ...(options.trustedKeys === null
      ? ['Who signed: the keys came with the bundle. Give the key set you trust with --keys to prove that your cell signed it.']
      : []),
    `What came after checkpoint ${manifest.chain.checkpoint_seq}: the tail of a chain is only proven by a later checkpoint.`,
    ...(manifest.chain.first_seq > 1 ? [`What came before event ${manifest.chain.first_seq}: the chain is shown from the run's first event on.`] : []),
    'What a text said: content is not in evidence, only its digests.',
  ];
}
