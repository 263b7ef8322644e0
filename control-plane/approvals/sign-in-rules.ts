import { isAtLeast } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { Principal } from '../identity/principal.ts';
import type { ApprovalRow } from './queries.ts';

type SignIn = Pick<Principal, 'authStrength' | 'signedInAt'>;

export interface SignInRefusal {
  readonly code: 'approval_stronger_sign_in_required' | 'approval_fresh_sign_in_required';
  readonly detail: string;
}

/** What a person can do to get a session of each strength, from the weakest. Which of them there are depends on the tenant. */
const WAYS_TO_SIGN_IN: Readonly<Record<string, string>> = {
  link: 'Open the approval in the console, signed in by a sign-in link (`npm run sign-in`, or ask an administrator for one), by your identity provider or by a passkey',
  oidc: 'Sign in to the console by your identity provider, or by a passkey',
  mfa: 'Sign in to the console by your identity provider with a second factor, or by a passkey',
  passkey: 'Sign in to the console by a passkey (register one under your account)',
};

/** Not enough for the critical tier even where policy names no strength: whoever holds a phone with Slack on it can click. */
const CLICK = 'slack_linked';

/**
 * Why this sign-in is not enough where policy asks for a step up; null where it is, or policy asks for none. What is not known of a
 * sign-in counts against it.
 */
export function whySignInIsNotEnough(approval: Pick<ApprovalRow, 'tier' | 'min_strength' | 'max_sign_in_age_ms' | 'read_at'>, signIn: SignIn): SignInRefusal | null {
  const { tier, min_strength: least, max_sign_in_age_ms: maxAgeMs } = approval;
  if (least === null || maxAgeMs === null) return tier === 'critical' && signIn.authStrength === CLICK ? tooWeak('link', signIn) : null;
  if (!isAtLeast(signIn.authStrength, least)) return tooWeak(least, signIn);
  const ageMs = signInAgeMs(approval, signIn);
  if (ageMs !== null && ageMs <= maxAgeMs) return null;
  const yours = ageMs === null ? 'yours has none, because nobody signs in that way' : `yours is ${inWords(ageMs, 'up')} old`;
  return {
    code: 'approval_fresh_sign_in_required',
    detail: `Policy asks for a sign-in that is at most ${inWords(maxAgeMs, 'down')} old, and ${yours}. Sign in to the console again (by your identity provider, by a passkey, or with a new sign-in link: \`npm run sign-in\`, or ask an administrator for one), and vote there before it is older than that.`,
  };
}

/** How old a sign-in was when the approval was read; null where that is not known. */
export function signInAgeMs({ read_at: at }: Pick<ApprovalRow, 'read_at'>, { signedInAt }: Pick<SignIn, 'signedInAt'>): number | null {
  return signedInAt === null ? null : Math.max(0, at.getTime() - signedInAt.getTime());
}

/** What policy asks of a voter's sign-in, for people; null where it asks for none. */
export function signInAsked({ min_strength: least, max_sign_in_age_ms: maxAgeMs }: Pick<ApprovalRow, 'min_strength' | 'max_sign_in_age_ms'>): string | null {
  return least === null || maxAgeMs === null ? null : `by ${words(least)} or stronger, at most ${inWords(maxAgeMs, 'down')} old`;
}

function tooWeak(least: string, { authStrength }: SignIn): SignInRefusal {
  const way = Object.keys(WAYS_TO_SIGN_IN).find((strength) => isAtLeast(strength, least));
  const fix = way === undefined
    ? `No sign-in of this version is that strong (there is: ${Object.keys(WAYS_TO_SIGN_IN).join(', ')}), so nobody can approve this. Tell whoever writes the policy`
    : `${WAYS_TO_SIGN_IN[way]}, and vote there`;
  return { code: 'approval_stronger_sign_in_required', detail: `Policy asks for a sign-in by ${words(least)} or stronger here, and yours is by ${words(authStrength)}. ${fix}.` };
}

function words(strength: string): string {
  return strength.replaceAll('_', ' ');
}

/** Rounded so that nobody is promised more than there is. */
function inWords(ms: number, rounded: 'up' | 'down'): string {
  const [size, unit] = ms >= 2 * 3_600_000 ? [3_600_000, 'h'] as const : ms >= 2 * 60_000 ? [60_000, 'min'] as const : [1_000, 's'] as const;
  return `${rounded === 'up' ? Math.ceil(ms / size) : Math.floor(ms / size)} ${unit}`;
}
