import { describe, expect, it } from 'vitest';
import { needsStepUp, signInAskedFor } from './step-up.ts';

type Approval = Parameters<typeof needsStepUp>[0];
const me: Parameters<typeof needsStepUp>[1] = { principal: { id: 'prn_1', kind: 'person', display_name: 'A' }, roles: ['approver'] };
const approval = (parts: Partial<Approval>): Approval => ({ state: 'pending', may_vote: false, required_role: 'approver', min_strength: 'link', max_sign_in_age_ms: 300_000, votes: [], ...parts });

it.each([
  [{ min_strength: null, max_sign_in_age_ms: null }, null],
  [{ min_strength: 'slack_linked', max_sign_in_age_ms: null }, 'by slack linked or stronger'],
  [{ min_strength: 'link', max_sign_in_age_ms: 300_000 }, 'by link or stronger, at most 5 min before the vote'],
])('%j is asked for as %j', (given, words) => expect(signInAskedFor(given)).toBe(words));

describe('signing in again helps', () => {
  it('whom only the sign-in keeps from voting', () => expect(needsStepUp(approval({}), me)).toBe(true));
  it.each([
    approval({ may_vote: true }), approval({ state: 'approved' }), approval({ min_strength: null, max_sign_in_age_ms: null }), approval({ required_role: 'admin' }),
    approval({ votes: [{ principal_id: 'prn_1' }] as Approval['votes'] }),
  ])('and nobody else (%#)', (given) => expect(needsStepUp(given, me)).toBe(false));
});
