import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import { EvidenceError } from '../errors.ts';
import { readCanonical } from '../read.ts';
import { checkActions } from '../record/check-actions.ts';
import { checkRecord } from '../record/check-record.ts';
import type { ShownRecord } from '../record/shown-record.ts';
import { combined } from '../verification.ts';
import type { Verification, VerifyOptions } from '../verification.ts';
import { checkChain, ownEvents } from './check-chain.ts';
import { checkFiles } from './check-files.ts';
import { checkSignature } from './check-signature.ts';

/** Evidence of the first format: a manifest, and the chain from the run's first event to a signed head. */
export function verifyBundle(files: ArchiveFiles, options: VerifyOptions): Verification {
  const manifest = readCanonical<EvidenceManifest>(files, 'manifest.json');
  if ((options.witnesses ?? []).length > 0) throw new EvidenceError('witness_missing', 'checkpoint.json', 'Evidence of this format carries no cosignatures of witnesses.');
  const whole = { proofs: [checkFiles(files, manifest), checkSignature(files, manifest, options.trustedKeys), ...checkChain(files, manifest, options.trustedKeys)], not_proven: [] };
  const record: ShownRecord = {
    files, runId: manifest.run_id, tenantId: manifest.tenant_id, withheld: new Set(), events: ownEvents(files, manifest), eventsWithheld: false, auditFile: 'audit.jsonl',
  };
  const findings = combined(whole, checkActions(record), checkRecord(record), { proofs: [], not_proven: notProven(manifest, options) });
  return {
    verified: true, format: 'v1', kind: 'run', evidence_id: manifest.evidence_id, run_id: manifest.run_id, tenant_id: manifest.tenant_id, workspace_id: manifest.workspace_id,
    built_at: manifest.built_at, redacted: false, withheld: [], cosigned_by: [], members_verified: 0, ...findings,
  };
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
