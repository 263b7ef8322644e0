import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { PackageKind, PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../errors.ts';
import type { ShownRecord } from '../record/shown-record.ts';
import { combined } from '../verification.ts';
import type { Findings, Verification, VerifyOptions } from '../verification.ts';
import type { ProvenEvents } from './check-events.ts';
import { checkApproval } from './kinds/check-approval.ts';
import { checkBreakGlass } from './kinds/check-break-glass.ts';
import { checkErasure } from './kinds/check-erasure.ts';
import { checkPeriod } from './kinds/check-period.ts';
import type { PeriodFindings } from './kinds/check-period.ts';
import { checkPolicyRelease } from './kinds/check-policy-release.ts';
import { checkTenantMove } from './kinds/check-tenant-move.ts';
import { checkRequest } from './kinds/claims.ts';

type KindCheck = (record: ShownRecord, predicate: PackagePredicate) => Findings;

const BY_KIND: Readonly<Record<Exclude<PackageKind, 'period'>, KindCheck>> = {
  approval: checkApproval, policy_release: checkPolicyRelease, erasure: checkErasure, break_glass: checkBreakGlass, tenant_move: checkTenantMove,
};

/** What is particular to what a package is about; its files and events are proven as those of a run. */
export function checkPackage(
  files: ArchiveFiles, predicate: PackagePredicate, withheld: ReadonlySet<string>, events: ProvenEvents, options: VerifyOptions, verifyMember: (bytes: Uint8Array) => Verification,
): PeriodFindings {
  const record: ShownRecord = {
    files, runId: '', tenantId: predicate.tenant_id, withheld, events: events.events, eventsWithheld: events.withheld > 0, auditFile: 'the audit events',
  };
  const request = checkRequest(record, predicate);
  if (predicate.kind === 'period') {
    const period = checkPeriod(files, predicate, options, verifyMember);
    return { ...combined(request, period), members_verified: period.members_verified };
  }
  const check: KindCheck | undefined = BY_KIND[predicate.kind];
  if (check === undefined) throw new EvidenceError('format_unknown', STATEMENT_FILE, `A package of the kind ${JSON.stringify(predicate.kind)} is not known here. A newer countersign may read it.`);
  return { ...combined(request, check(record, predicate)), members_verified: 0 };
}
