import { decodeArchive } from '@countersign/contracts/evidence/archive.ts';
import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { MEMBERS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { Member, Members, PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical, sha256Hex } from '../../read.ts';
import type { Findings, Verification, VerifyOptions } from '../../verification.ts';
import { isSame, requireClaims } from './claims.ts';

export type PeriodFindings = Findings & { readonly members_verified: number };

/** Each run's evidence is the one that is named, holds by itself, ended within the period, and says of the run what the list says. */
export function checkPeriod(files: ArchiveFiles, predicate: PackagePredicate, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification): PeriodFindings {
  const list = readCanonical<Members>(files, MEMBERS_FILE);
  requireList(list, predicate);
  const { members, without_evidence } = list;
  const beside: Member[] = [];
  for (const member of members) {
    const bytes = member.path === null ? options.memberOf?.(member.run_id) : files.get(member.path);
    if (bytes === undefined) beside.push(member);
    else requireMember(member, bytes, predicate, verifyMember);
  }
  const verified = members.length - beside.length;
  return {
    members_verified: verified,
    proofs: [{ check: 'members', proves: `The package names the evidence of ${members.length} runs that ended in its period, each once and by digest; ${verified} of them were verified with it, and are what the list says of them.` }],
    not_proven: [
      ...(beside.length === 0 ? [] : [`What ${beside.length} of the runs did: their evidence is not in the package. Put it beside as <run>.evidence.zip and give the folder with --members.`]),
      ...(without_evidence.length === 0 ? [] : [`What ${without_evidence.length} more runs of the period did: they had no evidence when the package was built.`]),
      'That these are all runs of the period: that is the word of the cell that built this.',
    ],
  };
}

function requireList({ members, without_evidence }: Members, predicate: PackagePredicate): void {
  const { from, to } = predicate.claims;
  if (typeof from !== 'string' || typeof to !== 'string' || predicate.subject_id !== `${from}/${to}`) throw new EvidenceError('record_inconsistent', MEMBERS_FILE, `The statement is about ${predicate.subject_id}, and claims another period.`);
  requireClaims(predicate, MEMBERS_FILE, { runs: members.length, without_evidence: without_evidence.length, members_inside: members.filter(({ path }) => path !== null).length });
  const runs = [...members, ...without_evidence].map(({ run_id }) => run_id);
  if (new Set(runs).size !== runs.length) throw new EvidenceError('record_inconsistent', MEMBERS_FILE, `${MEMBERS_FILE} names a run twice.`);
  const outside = members.find(({ finished_at }) => !(Date.parse(finished_at) >= Date.parse(from) && Date.parse(finished_at) < Date.parse(to)));
  if (outside !== undefined) throw new EvidenceError('record_inconsistent', MEMBERS_FILE, `${outside.run_id} ended at ${outside.finished_at}, which is not in the period ${predicate.subject_id}.`);
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
  requireListed(member, bytes);
}

/** What the list says of a run, its evidence says, too. */
function requireListed({ run_id, workflow_name, state, finished_at, cost_usd }: Member, bytes: Uint8Array): void {
  const run = readCanonical<Readonly<Record<string, unknown>>>(decodeArchive(bytes), 'run.json');
  for (const [name, listed] of Object.entries({ workflow_name, state, finished_at, cost_usd })) {
    if (run[name] !== undefined && !isSame(run[name], listed)) throw new EvidenceError('record_inconsistent', MEMBERS_FILE, `${MEMBERS_FILE} says another ${name} of ${run_id} than its evidence.`);
  }
}
