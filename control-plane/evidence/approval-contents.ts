import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { EvidencePackageError } from './errors.ts';
import type { ContentParts, PackageContents } from './package-contents.ts';
import { jsonFile } from './plain-json.ts';
import type { PackageRow } from './queries.ts';
import { approvalContent, approvedCalls, decisionsById, eventsOfRun } from './repository-contents.ts';
import type { ApprovalContentRow, EventTextRow } from './repository-contents.ts';

interface CallRow {
  readonly id: string;
  readonly decision_id: string;
  readonly [column: string]: unknown;
}

/** One approval: what was asked, who answered and how they had signed in, what policy said, and what became of the call. In the files of a run's evidence. */
export async function approvalContents({ database, keys }: ContentParts, tenantId: string, { workspace_id, subject_id }: PackageRow): Promise<PackageContents> {
  const read = await database.forTenant(tenantId, async (tx) => {
    const approval = await tx.maybeOne<ApprovalContentRow>(approvalContent, [tenantId, workspace_id, subject_id]);
    if (approval === undefined) return undefined;
    const calls = await tx.rows<CallRow>(approvedCalls, [tenantId, approval.run_id, approval.id]);
    const decisionIds = [...new Set([approval.decision_id, ...calls.map((call) => call.decision_id)].filter((id) => id !== null))];
    const decisions = await tx.rows<{ id: string }>(decisionsById, [tenantId, decisionIds]);
    return { approval, calls, decisions, events: await tx.rows<EventTextRow>(eventsOfRun, [tenantId, chainOf(tenantId, workspace_id), approval.run_id]) };
  });
  if (read === undefined) throw new EvidencePackageError('subject_gone', `There is no approval ${subject_id} any more.`);
  const { approval: { action_sealed, ...approval }, calls, decisions, events } = read;
  const shown = new Set([approval.id, ...calls.map(({ id }) => id), ...decisions.map(({ id }) => id)]);
  const actions = action_sealed === null ? [] : [{ action_digest: approval.action_digest, text: Buffer.from(await keys.unseal(tenantId, 'approval', approval.id, action_sealed)).toString('utf8') }];
  return {
    files: new Map([
      ['approvals.json', jsonFile({ approvals: [approval] })], ['tool-calls.json', jsonFile({ tool_calls: calls })],
      ['decisions.json', jsonFile({ decisions })], ['actions.json', jsonFile({ actions })],
    ]),
    eventIds: events.filter(({ body }) => shown.has((JSON.parse(body) as AuditEvent).subject.id)).map(({ id }) => id),
    claims: { run_id: approval.run_id, state: approval['state'], action_digest: approval.action_digest, calls: calls.length },
    runs: 0,
    sections: [
      { heading: 'What was asked', text: [`The action ${String(approval['action'])} with the digest ${approval.action_digest}, by ${String(approval['requested_by'])} in run ${approval.run_id}. It is ${String(approval['state'])}.`] },
      { heading: 'Who answered', table: { headings: ['Who', 'Role', 'Vote', 'Signed in', 'At'], rows: votesOf(approval), empty: 'Nobody has voted.' } },
      { heading: 'What became of it', table: { headings: ['Call', 'State', 'Begun', 'Finished'], rows: calls.map((call) => [{ code: call.id }, text(call['state']), text(call['intended_at']), text(call['finished_at'])]), empty: 'Nothing was called.' } },
    ],
  };
}

function votesOf(approval: Readonly<Record<string, unknown>>): string[][] {
  const votes = (approval['votes'] ?? []) as ReadonlyArray<Readonly<Record<string, unknown>>>;
  return votes.map((vote) => [text(vote['principal_id']), text(vote['role']), text(vote['decision']), `${text(vote['auth_strength'])}, by ${text(vote['channel'])}`, text(vote['voted_at'])]);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return value instanceof Date ? value.toISOString() : String(value);
}
