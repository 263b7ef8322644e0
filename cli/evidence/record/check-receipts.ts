import { parseCanonical, readCanonical } from '../read.ts';
import type { Findings } from '../verification.ts';
import { recomputedActions } from './check-actions.ts';
import type { ToolCallRecord } from './records.ts';
import { contradiction, eventsOf, isShown } from './shown-record.ts';
import type { ShownRecord } from './shown-record.ts';

/** What a receipt says is what the audit says of it. */
const IN_BOTH = ['target_id', 'version_before', 'version_after', 'verified_by_reading_back'] as const;

/** The versions of the records that were written, before and after: as the audit has them, and as they were approved. */
export function checkReceipts(record: ShownRecord): Findings {
  if (!isShown(record, 'tool-calls.json')) return { proofs: [], not_proven: [] };
  const calls = readCanonical<{ tool_calls: ToolCallRecord[] }>(record.files, 'tool-calls.json').tool_calls;
  const written = calls.filter(({ state, risk, receipt }) => state === 'succeeded' && risk !== 'read' && receipt !== null && receipt !== undefined);
  for (const call of written) requireSameInAudit(record, call);
  const targets = isShown(record, 'actions.json') ? approvedTargets(record) : new Map<string, Target>();
  const readBack = written.filter(({ receipt }) => receipt?.verified_by_reading_back === true).length;
  return {
    proofs: written.length === 0 ? [] : [{ check: 'receipts', proves: `${written.length} write(s) have a receipt with the version of the record before and after, as the audit has it; ${readBack} were read back.` }],
    not_proven: written.flatMap((call) => doubtsAbout(call, targets)),
  };
}

function requireSameInAudit(record: ShownRecord, call: ToolCallRecord): void {
  // A receipt that a person stands for was not the connector's: who said so is checked elsewhere.
  if (call.receipt?.said_by !== undefined) return;
  const outcome = eventsOf(record, 'call.outcome').findLast((event) => event.subject.id === call.id);
  if (outcome === undefined) return;
  for (const name of IN_BOTH) {
    if (outcome.data[name] !== undefined && outcome.data[name] !== call.receipt?.[name]) contradiction(record, 'tool-calls.json', `the outcome of call ${call.id} says another ${name}`);
  }
}

interface Target {
  readonly id?: string;
  readonly version?: string | null;
}

function approvedTargets({ files }: ShownRecord): Map<string, Target> {
  const targets = new Map<string, Target>();
  for (const [digest, text] of recomputedActions(files)) {
    const { target } = parseCanonical<{ target?: Target | null }>(text, 'actions.json');
    if (target !== null && target !== undefined) targets.set(digest, target);
  }
  return targets;
}

function doubtsAbout({ id, action_digest, receipt }: ToolCallRecord, targets: ReadonlyMap<string, Target>): string[] {
  const approved = targets.get(action_digest)?.version ?? null;
  const before = receipt?.version_before ?? null;
  return [
    ...(receipt?.verified_by_reading_back === true ? [] : [`That the write of call ${id} is in the record as it was meant: it was not read back.`]),
    ...(approved !== null && approved !== '' && before !== null && before !== approved ? [`That the record was as it had been shown when call ${id} wrote to it: it was approved at version ${approved} and written at version ${before}.`] : []),
  ];
}
