import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { formatDuration } from '../format/time.ts';

type Schemas = components['schemas'];
type Approval = Pick<Schemas['Approval'], 'state' | 'may_vote' | 'required_role' | 'min_strength' | 'max_sign_in_age_ms' | 'votes'>;

/** How a voter must have signed in: `by link or stronger, at most 5 min before the vote`; null where policy asks for no step up. */
export function signInAskedFor({ min_strength, max_sign_in_age_ms }: Pick<Approval, 'min_strength' | 'max_sign_in_age_ms'>): string | null {
  const asked = [
    ...(min_strength === null ? [] : [`by ${min_strength.replaceAll('_', ' ')} or stronger`]),
    ...(max_sign_in_age_ms === null ? [] : [`at most ${formatDuration(max_sign_in_age_ms)} before the vote`]),
  ];
  return asked.length === 0 ? null : asked.join(', ');
}

/** Whether another sign-in is what keeps this person from voting: policy asks for a step up, the role is there, and there is no vote of theirs yet. */
export function needsStepUp(approval: Approval, me: Pick<Schemas['Me'], 'principal' | 'roles'> | undefined): boolean {
  if (me === undefined || approval.state !== 'pending' || approval.may_vote || signInAskedFor(approval) === null) return false;
  return me.roles.some((role) => role === approval.required_role) && !approval.votes.some(({ principal_id }) => principal_id === me.principal.id);
}
