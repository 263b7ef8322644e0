import type { Obligations } from '@countersign/contracts/policy/decision.ts';
import { countOf } from '../format/count.ts';
import { formatDuration } from '../format/time.ts';

/** One thing that a decision asks for. */
export interface ObligationView {
  name: string;
  value: string;
}

/** What a decision asks for, in words; in the order in which it matters. An obligation that this console does not know is shown as it is. */
export function obligationsInWords(obligations: Readonly<Record<string, unknown>>): ObligationView[] {
  const known: Obligations = obligations;
  const { tier, required_role, required_votes, deadline_ms, min_strength, max_sign_in_age_ms, rate, retry_after_ms, target, caps, redactions, ...others } = known;
  return [
    ...(required_votes === undefined ? [] : [view('Needs', `${countOf(required_votes, 'vote')}${required_role === undefined ? '' : ` of role ${required_role}`}`)]),
    ...(tier === undefined ? [] : [view('Tier', tier)]),
    ...(deadline_ms === undefined ? [] : [view('Within', formatDuration(deadline_ms))]),
    ...(min_strength === undefined ? [] : [view('Sign-in', `by ${min_strength.replaceAll('_', ' ')} or stronger`)]),
    ...(max_sign_in_age_ms === undefined ? [] : [view('Signed in', `at most ${formatDuration(max_sign_in_age_ms)} before the vote`)]),
    ...(rate === undefined ? [] : [view('Rate', `at most ${rate.count} in ${formatDuration(rate.per_ms)}`)]),
    ...(retry_after_ms === undefined ? [] : [view('Again after', formatDuration(retry_after_ms))]),
    ...(target === undefined ? [] : [view('Sent to', target)]),
    ...Object.entries(caps ?? {}).map(([pointer, maximum]) => view(`Cap on ${pointer}`, `at most ${maximum}`)),
    ...(redactions === undefined || redactions.length === 0 ? [] : [view('Taken out', redactions.join(', '))]),
    ...Object.entries(others).map(([name, value]) => view(name, JSON.stringify(value))),
  ];
}

/** What policy has changed in the parameters before it decided, in words; null where nothing. */
export function adjustedInWords(adjusted: { capped: readonly string[]; redacted: readonly string[] } | null): string | null {
  if (adjusted === null) return null;
  const { capped, redacted } = adjusted;
  const parts = [...(capped.length === 0 ? [] : [`capped ${capped.join(', ')}`]), ...(redacted.length === 0 ? [] : [`took out ${redacted.join(', ')}`])];
  return parts.length === 0 ? null : `Policy ${parts.join(' and ')}`;
}

function view(name: string, value: string): ObligationView {
  return { name, value };
}
