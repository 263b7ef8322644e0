import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical } from '../../read.ts';
import { checkActions } from '../../record/check-actions.ts';
import { checkVotes } from '../../record/check-record.ts';
import type { ApprovalRecord, DecisionRecord, ToolCallRecord } from '../../record/records.ts';
import { contradiction, eventsOf, isShown, requireEvent } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import { combined } from '../../verification.ts';
import type { Findings } from '../../verification.ts';
import { requireClaims, requireSubject } from './claims.ts';

type OneApproval = ApprovalRecord & { readonly run_id: string };

const DECIDED_BY_VOTES = ['approved', 'consumed', 'rejected'];

/** What was asked, who answered how strongly signed in, and what was done: the same checks as for a run, and that it is this approval. */
export function checkApproval(record: ShownRecord, predicate: PackagePredicate): Findings {
  const decided = isShown(record, 'approvals.json') ? checkDecided(record, predicate) : { proofs: [], not_proven: [] };
  if (isShown(record, 'tool-calls.json')) checkCalls(record, predicate);
  if (isShown(record, 'decisions.json')) {
    for (const { id, outcome, action_digest } of readCanonical<{ decisions: DecisionRecord[] }>(record.files, 'decisions.json').decisions) requireEvent(record, 'decision.made', id, { outcome, action_digest }, 'decisions.json');
  }
  return combined(decided, checkActions(record));
}

function checkDecided(record: ShownRecord, predicate: PackagePredicate): Findings {
  const { approvals } = readCanonical<{ approvals: readonly OneApproval[] }>(record.files, 'approvals.json');
  const [approval, ...more] = approvals;
  if (approval === undefined || more.length > 0) throw new EvidenceError('record_inconsistent', 'approvals.json', `approvals.json is not of the approval ${predicate.subject_id} alone.`);
  requireSubject(predicate, 'approvals.json', approval.id);
  const { run_id, state, action_digest } = approval;
  requireClaims(predicate, 'approvals.json', { run_id, state, action_digest });
  checkVotes(record);
  requireState(record, approval);
  return {
    proofs: [{ check: 'votes', proves: DECIDED_BY_VOTES.includes(state)
      ? `The approval is ${state} by the votes that the audit shows: ${approval.votes.length} of the ${approval.required_votes} that were needed, none of them by ${approval.requested_by}, who asked for it.`
      : `The approval is ${state}: ${approval.votes.length} vote(s) of the ${approval.required_votes} that were needed.` }],
    not_proven: [],
  };
}

/** The state follows from the votes, and the audit shows that it was reached. */
function requireState(record: ShownRecord, { id, kind, state, votes, required_votes, requested_by }: OneApproval): void {
  const own = votes.find((vote) => vote.principal_id === requested_by);
  if (own !== undefined) throw new EvidenceError('approval_insufficient', 'approvals.json', `${requested_by} voted on what they asked for themselves.`);
  const voters = new Set(votes.filter(({ decision }) => decision === 'approve').map(({ principal_id }) => principal_id));
  const isRejected = votes.some(({ decision }) => decision === 'reject');
  const isApproved = state === 'approved' || state === 'consumed';
  if (kind !== 'outcome' && ((isApproved && (isRejected || voters.size < required_votes)) || (state === 'rejected' && !isRejected))) {
    throw new EvidenceError('approval_insufficient', 'approvals.json', `The approval ${id} is said to be ${state}, with ${voters.size} of ${required_votes} votes for it${isRejected ? ' and one against it' : ''}.`);
  }
  const reached = eventsOf(record, 'approval.state_changed').some((event) => event.subject.id === id && event.data['to'] === state);
  if (state !== 'pending' && !reached && !record.eventsWithheld) contradiction(record, 'approvals.json', `no approval.state_changed event shows that ${id} became ${state}`);
}

function checkCalls(record: ShownRecord, predicate: PackagePredicate): void {
  const { tool_calls: calls } = readCanonical<{ tool_calls: readonly ToolCallRecord[] }>(record.files, 'tool-calls.json');
  requireClaims(predicate, 'tool-calls.json', { calls: calls.length });
  for (const { id, action_digest, decision_id, approval_id, state } of calls) {
    if (approval_id !== predicate.subject_id) throw new EvidenceError('record_inconsistent', 'tool-calls.json', `The call ${id} is not one that ${predicate.subject_id} allowed.`);
    requireEvent(record, 'call.intended', id, { action_digest, decision_id, approval_id }, 'tool-calls.json');
    const ended = eventsOf(record, 'call.outcome').some((event) => event.subject.id === id && event.data['state'] === state);
    if (state !== 'intended' && !ended && !record.eventsWithheld) contradiction(record, 'tool-calls.json', `no call.outcome event shows that ${id} is ${state}`);
  }
}
