/**
 * How strong a sign-in is, from the weakest to the strongest. What a vote was cast with is compared by the place in this list; a sign-in
 * that is not in it counts as the weakest.
 */
export const SIGN_IN_STRENGTHS = ['api_key', 'slack_linked', 'link', 'oidc', 'mfa', 'passkey'] as const;
export type SignInStrength = (typeof SIGN_IN_STRENGTHS)[number];

/** Whether a sign-in of strength `given` is at least as strong as `asked`. Who asks for a strength that is not in the list gets nothing. */
export function isAtLeast(given: string, asked: string): boolean {
  const least = placeOf(asked);
  return least >= 0 && Math.max(0, placeOf(given)) >= least;
}

function placeOf(strength: string): number {
  return (SIGN_IN_STRENGTHS as readonly string[]).indexOf(strength);
}
