import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { RUN_PREDICATE } from '@countersign/contracts/evidence/statement.ts';
import type { EvidenceStatement, PackagePredicate, RunPredicate } from '@countersign/contracts/evidence/statement.ts';
import { combined } from '../verification.ts';
import type { Findings, Verification, VerifyOptions } from '../verification.ts';
import { checkEvents } from './check-events.ts';
import type { ProvenEvents } from './check-events.ts';
import { checkPackage } from './check-package.ts';
import { checkRunRecord } from './check-run-record.ts';
import { checkSubjects } from './check-subjects.ts';
import { openEnvelope } from './open-envelope.ts';

/** Evidence of the second format: an in-toto statement over all files, and events that are proven one by one. */
export function verifyStatement(files: ArchiveFiles, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification): Verification {
  const { statement, proof } = openEnvelope(files, options);
  const subjects = checkSubjects(files, statement);
  const { predicate } = statement;
  const events = checkEvents(files, predicate, subjects, options);
  const withheld = new Set(subjects.withheld.map(({ path }) => path));
  const found = isOfRun(statement)
    ? { ...checkRunRecord(files, statement.predicate, withheld, events), kind: 'run' as const, run_id: statement.predicate.run_id, members_verified: 0 }
    : { ...checkPackage(files, predicate as PackagePredicate, withheld, events, options, verifyMember), kind: (predicate as PackagePredicate).kind, run_id: null };
  const findings = combined({ proofs: [subjects.proof, proof, ...events.proofs], not_proven: [] }, found, { proofs: [], not_proven: notProven(predicate, events, options) });
  return {
    verified: true, format: 'v2', kind: found.kind, evidence_id: predicate.evidence_id, run_id: found.run_id, tenant_id: predicate.tenant_id, workspace_id: predicate.workspace_id,
    built_at: predicate.built_at, redacted: subjects.withheld.length > 0, withheld: subjects.withheld, cosigned_by: events.cosignedBy, members_verified: found.members_verified, ...findings,
  };
}

function isOfRun(statement: EvidenceStatement): statement is EvidenceStatement<RunPredicate> {
  return statement.predicateType === RUN_PREDICATE;
}

function notProven({ chain }: RunPredicate | PackagePredicate, { withheld }: ProvenEvents, { trustedKeys, witnesses = [] }: VerifyOptions): Findings['not_proven'] {
  return [
    ...(trustedKeys === null ? ['Who signed: the keys came with the bundle. Give the key set you trust with --keys to prove that your cell signed it.'] : []),
    ...(chain === null ? [] : [
      `What came after event ${chain.tree_size} of the chain: its tail is only proven by a later checkpoint.`,
      'That these are all events there are of it: which ones belong is the word of the cell that built this. Its whole audit says it, with: countersign audit verify',
      ...(witnesses.length > 0 ? [] : ['That the cell shows everybody the same history: give the keys of witnesses that you trust with --witness.']),
      ...(withheld > 0 ? [`What ${withheld} of the events said: they were left out.`] : []),
    ]),
    'What a text said: content is not in evidence, only its digests.',
  ];
}
