import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { isAtLeast } from '@countersign/contracts/policy/sign-in-strength.ts';
import { EvidenceError } from '../errors.ts';
import { parseCanonical, readCanonical, sha256Hex } from '../read.ts';
import type { Findings } from '../verification.ts';
import type { ActionRecord, ApprovalRecord, DecisionRecord, ToolCallRecord } from './records.ts';
import { isShown } from './shown-record.ts';
import type { ShownRecord } from './shown-record.ts';

/** Every call was allowed, and every write that people were asked about is the one they approved. */
export function checkActions(record: ShownRecord): Findings {
  const { files } = record;
  if (!isShown(record, 'tool-calls.json')) return { proofs: [], not_proven: ['What was called: tool-calls.json was left out.'] };
  const calls = readCanonical<{ tool_calls: ToolCallRecord[] }>(files, 'tool-calls.json').tool_calls;
  const decided = isShown(record, 'decisions.json') ? decisionsHold(files, calls) : { proofs: [], not_proven: ['What policy decided: decisions.json was left out.'] };
  const approved = isShown(record, 'approvals.json') ? approvalsHold(record, calls) : { proofs: [], not_proven: ['What people decided: approvals.json was left out.'] };
  return { proofs: [...decided.proofs, ...approved.proofs], not_proven: [...decided.not_proven, ...approved.not_proven] };
}

function decisionsHold(files: ArchiveFiles, calls: readonly ToolCallRecord[]): Findings {
  const decisions = byId(readCanonical<{ decisions: DecisionRecord[] }>(files, 'decisions.json').decisions);
  for (const call of calls) requireAllowed(call, decisions);
  return { proofs: [{ check: 'decisions', proves: `Policy allowed each of the ${calls.length} calls before it was made.` }], not_proven: [] };
}

function approvalsHold(record: ShownRecord, calls: readonly ToolCallRecord[]): Findings {
  const list = readCanonical<{ approvals: ApprovalRecord[] }>(record.files, 'approvals.json').approvals;
  const approvals = byId(list);
  const texts = isShown(record, 'actions.json') ? recomputedActions(record.files) : null;
  const approved = calls.filter((call) => call.approval_id !== null);
  for (const call of approved) requireApproved(call, approvals, texts);
  return {
    proofs: [{ check: 'approvals', proves: approved.length === 0
      ? 'No call needed a person.'
      : `What was executed is what was approved: ${approved.length} call(s) with the digest that people voted on, by enough people, none of them the requester.` }],
    not_proven: [...shreddedActions(list), ...(texts === null ? ['What the approved actions were: actions.json was left out; their digests still bind the votes to the calls.'] : [])],
  };
}

/** Actions that were shredded before the bundle was built (a run redriven after its retention). */
function shreddedActions(approvals: readonly ApprovalRecord[]): string[] {
  return approvals.filter((approval) => typeof approval.shredded_at === 'string')
    .map((approval) => `What ${approval.id} allowed: its action was shredded at ${approval.shredded_at} when its retention ended; only its digest is left.`);
}

/** The canonical actions by digest, each digest recomputed from the bytes. */
export function recomputedActions(files: ArchiveFiles): Map<string, string> {
  const { actions } = readCanonical<{ actions: ActionRecord[] }>(files, 'actions.json');
  for (const { action_digest, text } of actions) {
    parseCanonical(text, 'actions.json');
    if (`sha256:${sha256Hex(text)}` !== action_digest) {
      throw new EvidenceError('action_digest_mismatch', 'actions.json', `An action in actions.json does not have the digest ${action_digest} that it is listed under.`);
    }
  }
  return new Map(actions.map((action) => [action.action_digest, action.text]));
}

function requireAllowed(call: ToolCallRecord, decisions: ReadonlyMap<string, DecisionRecord>): void {
  const decision = decisions.get(call.decision_id);
  if (decision === undefined || decision.outcome !== 'ALLOW' || decision.action_digest !== call.action_digest) {
    throw new EvidenceError('record_inconsistent', 'tool-calls.json', `Call ${call.id} in tool-calls.json has no ALLOW decision for its digest in decisions.json.`);
  }
}

function requireApproved(call: ToolCallRecord, approvals: ReadonlyMap<string, ApprovalRecord>, actions: ReadonlyMap<string, string> | null): void {
  const approval = approvals.get(call.approval_id!);
  if (approval === undefined) throw new EvidenceError('approval_missing', 'approvals.json', `The approval ${call.approval_id} of call ${call.id} is not in approvals.json.`);
  if (approval.state !== 'consumed' || approval.action_digest !== call.action_digest) {
    throw new EvidenceError('action_digest_mismatch', 'approvals.json', `The approval ${approval.id} is not for what call ${call.id} executed.`);
  }
  const voters = new Set(approval.votes
    .filter((vote) => vote.decision === 'approve' && vote.action_digest === call.action_digest && vote.principal_id !== approval.requested_by && isStrongEnough(vote, approval))
    .map((vote) => vote.principal_id));
  if (voters.size < approval.required_votes || approval.votes.some((vote) => vote.decision === 'reject')) {
    throw new EvidenceError('approval_insufficient', 'approvals.json', `The approval ${approval.id} has ${voters.size} of ${approval.required_votes} valid votes.`);
  }
  if (approval.votes.some((vote) => vote.voted_at > call.intended_at)) {
    throw new EvidenceError('approval_insufficient', 'approvals.json', `The approval ${approval.id} was voted on after call ${call.id} had begun.`);
  }
  // Shredded with the content it came from: the digest still binds the votes to the call, but nobody can recompute it any more.
  if (approval.shredded_at !== null && approval.shredded_at !== undefined) return;
  if (actions !== null && !actions.has(call.action_digest)) throw new EvidenceError('approval_missing', 'actions.json', `The action of call ${call.id} is not in actions.json.`);
}

/** Where policy asked for a step up: signed in at least that strongly, and no longer ago than that. */
function isStrongEnough(vote: ApprovalRecord['votes'][number], { min_strength: least = null, max_sign_in_age_ms: maxAgeMs = null }: ApprovalRecord): boolean {
  if (least === null && maxAgeMs === null) return true;
  const ageMs = vote.sign_in_age_ms ?? null;
  return least !== null && maxAgeMs !== null && isAtLeast(vote.auth_strength, least) && ageMs !== null && ageMs <= maxAgeMs;
}

function byId<T extends { readonly id: string }>(records: readonly T[]): Map<string, T> {
  return new Map(records.map((record) => [record.id, record]));
}
