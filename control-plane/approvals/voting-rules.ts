import type { ErrorCode } from '@countersign/contracts/errors/catalogue.ts';
import type { Principal } from '../identity/principal.ts';
import type { ApprovalRow, VoteDecision, VoteRow } from './queries.ts';
import { whySignInIsNotEnough } from './sign-in-rules.ts';

export interface VoteRefusal {
  readonly code: Extract<ErrorCode, 'approval_role_required' | 'approval_stronger_sign_in_required' | 'approval_fresh_sign_in_required' | 'approval_own_request' | 'approval_expired' | 'approval_already_decided' | 'vote_already_cast' | 'approval_digest_stale' | 'request_invalid'>;
  readonly detail: string;
  /** JSON pointer, for `request_invalid`. */
  readonly field?: string;
}

/** Who would vote. */
export interface Voter {
  readonly principal: Principal;
  /** Programs that they could have asked as. */
  readonly programs: ReadonlySet<string>;
}

/** Why somebody may not vote on `approval` now; null when they may. No I/O: the row is as it was read. */
export function whyNot(approval: ApprovalRow, votes: readonly VoteRow[], { principal, programs }: Voter): VoteRefusal | null {
  if (principal.kind !== 'person' || !(principal.roles as readonly string[]).includes(approval.required_role)) {
    return { code: 'approval_role_required', detail: `This needs a person with the role ${approval.required_role}.` };
  }
  if (principal.id === approval.requested_by) return { code: 'approval_own_request', detail: 'You requested this action; another person must decide.' };
  if (programs.has(approval.requested_by)) return { code: 'approval_own_request', detail: 'A program requested this action that you have made or rotated a key, a client or a federation of; another person must decide.' };
  if (approval.state === 'expired' || approval.overdue) return { code: 'approval_expired', detail: 'Nobody decided in time; expiry denies.' };
  if (approval.state !== 'pending') return { code: 'approval_already_decided', detail: `The approval is ${approval.state}.` };
  if (votes.some((vote) => vote.principal_id === principal.id)) return { code: 'vote_already_cast', detail: 'You have voted on this.' };
  return whySignInIsNotEnough(approval, principal);
}

/** Why this vote says nothing to `approval`; null when it does. What became of an effect is answered, never approved, and always with a reason. */
export function whyNotThisVote({ kind, action_digest }: ApprovalRow, vote: { readonly action_digest: string; readonly decision: VoteDecision; readonly reason?: string }): VoteRefusal | null {
  if (vote.action_digest !== action_digest) return { code: 'approval_digest_stale', detail: 'The action that would run has another digest than the one you voted on.' };
  const choices: readonly VoteDecision[] = CHOICES[kind];
  if (!choices.includes(vote.decision)) {
    return { code: 'request_invalid', field: '/decision', detail: `This ${kind === 'outcome' ? 'asks what became of a call' : 'asks whether an action may be sent'}: ${choices.join(' or ')}.` };
  }
  if (vote.decision !== 'approve' && (vote.reason ?? '').trim() === '') return { code: 'request_invalid', field: '/reason', detail: `${vote.decision === 'reject' ? 'A rejection' : 'An answer'} needs a reason.` };
  return null;
}

const CHOICES = { action: ['approve', 'reject'], outcome: ['happened', 'did_not_happen'] } as const;

/** What the votes decide, once `decision` is added to them; null when more are needed. One person who looked says what happened. */
export function outcomeOf(approval: ApprovalRow, votes: readonly VoteRow[], decision: VoteDecision): 'approved' | 'rejected' | 'answered' | null {
  if (decision === 'happened' || decision === 'did_not_happen') return 'answered';
  if (decision === 'reject') return 'rejected';
  const distinct = new Set(votes.filter((vote) => vote.decision === 'approve').map((vote) => vote.principal_id));
  return distinct.size + 1 >= approval.required_votes ? 'approved' : null;
}
