import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { MEMBERS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { Member, Members, PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../errors.ts';
import { readCanonical, sha256Hex } from '../read.ts';
import { checkActions } from '../record/check-actions.ts';
import { checkVotes } from '../record/check-record.ts';
import { isShown } from '../record/shown-record.ts';
import type { ShownRecord } from '../record/shown-record.ts';
import type { Findings, Verification, VerifyOptions } from '../verification.ts';
import type { ProvenEvents } from './check-events.ts';

type PackageFindings = Findings & { readonly members_verified: number };

/** What is particular to what a package is about; its files and events are proven as those of a run. */
export function checkPackage(
  files: ArchiveFiles, predicate: PackagePredicate, withheld: ReadonlySet<string>, events: ProvenEvents, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification,
): PackageFindings {
  if (predicate.kind === 'period') return checkMembers(files, predicate, options, verifyMember);
  const record: ShownRecord = {
    files, runId: '', tenantId: predicate.tenant_id, withheld, events: events.events, eventsWithheld: events.withheld > 0, auditFile: 'the audit events',
  };
  const findings = predicate.kind === 'approval' ? checkApproval(record, predicate.subject_id) : { proofs: [], not_proven: [] };
  return { ...findings, members_verified: 0 };
}

/** What was asked, who answered how strongly signed in, and what was done: the same checks as for a run. */
function checkApproval(record: ShownRecord, approvalId: string): Findings {
  if (isShown(record, 'approvals.json')) {
    const { approvals } = readCanonical<{ approvals: ReadonlyArray<{ readonly id: string }> }>(record.files, 'approvals.json');
    if (approvals.length !== 1 || approvals[0]?.id !== approvalId) throw new EvidenceError('record_inconsistent', 'approvals.json', `approvals.json is not of the approval ${approvalId} alone.`);
    checkVotes(record);
  }
  return checkActions(record);
}

/** Each run's evidence is the one that is named, and holds by itself. */
function checkMembers(files: ArchiveFiles, predicate: PackagePredicate, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification): PackageFindings {
  const { members, without_evidence } = readCanonical<Members>(files, MEMBERS_FILE);
  const beside: Member[] = [];
  let verified = 0;
  for (const member of members) {
    const bytes = member.path === null ? options.memberOf?.(member.run_id) : files.get(member.path);
    if (bytes === undefined) {
      beside.push(member);
      continue;
    }
    requireMember(member, bytes, predicate, verifyMember);
    verified += 1;
  }
  return {
    members_verified: verified,
    proofs: [{ check: 'members', proves: `The package names the evidence of ${members.length} runs by digest; ${verified} of them were verified with it.` }],
    not_proven: [
      ...(beside.length === 0 ? [] : [`What ${beside.length} of the runs did: their evidence is not in the package. Put it beside as <run>.evidence.zip and give the folder with --members.`]),
      ...(without_evidence.length === 0 ? [] : [`What ${without_evidence.length} more runs of the period did: they had no evidence when the package was built.`]),
      'That these are all runs of the period: that is the word of the cell that built this.',
    ],
  };
}

function requireMember(member: Member, bytes: Uint8Array, predicate: PackagePredicate, verifyMember: (bytes: Uint8Array) => Verification): void {
  const file = member.path ?? `${member.run_id}.evidence.zip`;
  if (sha256Hex(bytes) !== member.sha256 || bytes.length !== member.size_bytes) throw new EvidenceError('member_altered', file, `${file} is not the evidence of ${member.run_id} that the package names.`);
  try {
    const verification = verifyMember(bytes);
    const isIt = verification.run_id === member.run_id && verification.evidence_id === member.evidence_id && verification.tenant_id === predicate.tenant_id && verification.workspace_id === predicate.workspace_id;
    if (!isIt) throw new EvidenceError('member_altered', file, `${file} is the evidence of something else than the package says.`);
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code === 'member_altered') throw error;
    throw new EvidenceError(error.code, `${file}: ${error.file}`, `${file}: ${error.message}`, { cause: error });
  }
}
