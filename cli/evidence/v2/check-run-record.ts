import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { AGENTS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { RunPredicate } from '@countersign/contracts/evidence/statement.ts';
import type { AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../errors.ts';
import { readCanonical } from '../read.ts';
import { checkActions } from '../record/check-actions.ts';
import { checkAgents } from '../record/check-agents.ts';
import { checkReceipts } from '../record/check-receipts.ts';
import { checkRecord } from '../record/check-record.ts';
import { contradiction, eventsOf, isShown } from '../record/shown-record.ts';
import type { ShownRecord } from '../record/shown-record.ts';
import { combined } from '../verification.ts';
import type { Findings } from '../verification.ts';
import type { ProvenEvents } from './check-events.ts';

/** What the files say of the run is what its proven events say, and the other way round. */
export function checkRunRecord(files: ArchiveFiles, { run_id, tenant_id }: RunPredicate, withheld: ReadonlySet<string>, { events, withheld: eventsWithheld }: ProvenEvents): Findings {
  const foreign = events.find((event) => event.run_id !== run_id);
  if (foreign !== undefined) throw new EvidenceError('record_inconsistent', 'events', `The event ${foreign.id} is not of run ${run_id}.`);
  const record: ShownRecord = { files, runId: run_id, tenantId: tenant_id, withheld, events, eventsWithheld: eventsWithheld > 0, auditFile: 'the audit events' };
  const findings = combined(checkActions(record), checkRecord(record), checkReceipts(record), checkAgents(record));
  for (const listing of LISTINGS) requireListed(record, listing);
  return findings;
}

interface Listing {
  readonly type: AuditEventType;
  readonly file: string;
  /** The member of the file that lists what the events are about. */
  readonly list: string;
}

const LISTINGS: readonly Listing[] = [
  { type: 'decision.made', file: 'decisions.json', list: 'decisions' },
  { type: 'call.intended', file: 'tool-calls.json', list: 'tool_calls' },
  { type: 'approval.requested', file: 'approvals.json', list: 'approvals' },
  { type: 'approval.vote_cast', file: 'approvals.json', list: 'approvals' },
  { type: 'agent.order_issued', file: AGENTS_FILE, list: 'orders' },
];

/** Nothing that the audit tells of is missing from the files. */
function requireListed(record: ShownRecord, { type, file, list }: Listing): void {
  const told = eventsOf(record, type);
  if (told.length === 0 || !isShown(record, file)) return;
  const items = readCanonical<Record<string, ReadonlyArray<{ readonly id: string }>>>(record.files, file)[list] ?? [];
  const ids = new Set(items.map(({ id }) => id));
  for (const { subject } of told) {
    if (!ids.has(subject.id)) contradiction(record, file, `a ${type} event tells of ${subject.id}, which is not in it`);
  }
}
