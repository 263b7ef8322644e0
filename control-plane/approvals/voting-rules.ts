import type { ErrorCode } from '@countersign/contracts/errors/catalogue.ts';
import type { Principal } from '../identity/principal.ts';
import type { ApprovalRow, VoteRow } from './queries.ts';
import { whySignInIsNotEnough } from './sign-in-rules.ts';

export interface VoteRefusal {
  readonly code: Extract<ErrorCode, 'approval_role_required' | 'approval_stronger_sign_in_required' | 'approval_fresh_sign_in_required' | 'approval_own_request' | 'approval_expired' | 'approval_already_decided' | 'vote_already_cast' | 'approval_digest_stale' | 'request_invalid'>;
  readonly detail: string;
}

/** Why `principal` may not vote on `approval` now; null when they may. No I/O: the row is as it was read. */
export function whyNot(approval: ApprovalRow, votes: readonly VoteRow[], principal: Principal): VoteRefusal | null {
  if (principal.kind !== 'person' || !(principal.roles as readonly string[]).includes(approval.required_role)) {
    return { code: 'approval_role_required', detail: `This needs a person with the role ${approval.required_role}.` };
  }
  if (principal.id === approval.requested_by) return { code: 'approval_own_request', detail: 'You requested this action; another person must decide.' };
  if (approval.state === 'expired' || approval.overdue) return { code: 'approval_expired', detail: 'Nobody decided in time; expiry denies.' };
  if (approval.state !== 'pending') return { code: 'approval_already_decided', detail: `The approval is ${approval.state}.` };
  if (votes.some((vote) => vote.principal_id === principal.id)) return { code: 'vote_already_cast', detail: 'You have voted on this.' };
  return whySignInIsNotEnough(approval, principal);
}

/** What the votes decide, once `approve` or `reject` is added to them; null when more are needed. */
export function outcomeOf(approval: ApprovalRow, votes: readonly VoteRow[], decision: 'approve' | 'reject'): 'approved' | 'rejected' | null {
  if (decision === 'reject') return 'rejected';
  const distinct = new Set(votes.filter((vote) => vote.decision === 'approve').map((vote) => vote.principal_id));
  return distinct.size + 1 >= approval.required_votes ? 'approved' : null;
}
