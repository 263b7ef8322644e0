import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { APPROVAL_STATES, isLegalTransition } from '@countersign/contracts/states/transitions.ts';
import type { Permission } from '../states/permission.ts';

type Approval = Pick<components['schemas']['Approval'], 'state' | 'may_vote' | 'may_not_vote_because' | 'action_digest' | 'kind'>;

/**
 * Whether the person may vote on what is on the screen. `shownDigest` is the digest of the action that was shown: when the server
 * holds another one by now, nobody votes before having seen that one.
 */
export function mayVote(approval: Approval, shownDigest: string): Permission {
  if (!isLegalTransition(APPROVAL_STATES, approval.state, approval.kind === 'outcome' ? 'answered' : 'approved')) return { allowed: false, because: `Already decided: it is ${approval.state}.` };
  if (approval.action_digest !== shownDigest) return { allowed: false, because: 'The action has changed since you opened it. Look at the new one first.' };
  if (!approval.may_vote) return { allowed: false, because: approval.may_not_vote_because ?? 'You may not vote on this.' };
  return { allowed: true };
}
