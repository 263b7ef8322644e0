import { expect, test } from 'vitest';
import type { PolicyApproval, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { compare } from './comparison.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ALLOW = { outcome: 'ALLOW', obligations: {} } as const;
const DENY = { outcome: 'DENY', obligations: {} } as const;
const hitl = (required_votes: number, tier = 'standard') => ({ outcome: 'REQUIRE_HITL', obligations: { tier, required_role: 'approver', required_votes, deadline_ms: 1_000 } }) as const;

const approval = (votes: number, digest = DIGEST): PolicyApproval => ({
  id: 'apr', action_digest: digest, tier: 'standard', state: 'approved', requested_by: 'x',
  votes: Array.from({ length: votes }, (_vote, index) => ({ principal_id: `prn_${index}`, role: 'approver', decision: 'approve', auth_strength: 'link', sign_in_age_ms: 0 })),
});
const asking = (...approvals: PolicyApproval[]): Pick<PolicyInput, 'action' | 'approvals'> => ({ action: { digest: DIGEST } as PolicyInput['action'], approvals });

test.each([
  ['the same', ALLOW, ALLOW, asking(), false, false, 0, 0],
  ['nobody was asked, one would be', ALLOW, hitl(1), asking(), true, false, 0, 1],
  ['one was asked, nobody would be', hitl(1), ALLOW, asking(), true, false, 1, 0],
  ['one was asked, and it would be denied', hitl(1), DENY, asking(), true, false, 1, 0],
  ['one more', hitl(1), hitl(2), asking(), false, true, 1, 2],
  ['it comes back with its approval, and that is enough', ALLOW, ALLOW, asking(approval(1)), false, false, 1, 1],
  ['it comes back with its approval, and that would not be enough', ALLOW, hitl(2), asking(approval(1)), true, false, 1, 2],
  ['it comes back with its approval, and would be denied', ALLOW, DENY, asking(approval(1)), true, false, 1, 0],
  ['an approval of another action counts for nothing', ALLOW, hitl(1), asking(approval(2, `sha256:${'b'.repeat(64)}`)), true, false, 0, 1],
])('%s', (_name, recorded, now, input, outcomeChanged, obligationsChanged, before, after) => {
  const comparison = compare(recorded, now, input);
  expect([comparison.outcomeChanged, comparison.obligationsChanged, comparison.before.votes, comparison.after.votes]).toEqual([outcomeChanged, obligationsChanged, before, after]);
});

test('a step up asks people as much as an approval does', () => {
  const stepUp = { outcome: 'REQUIRE_STEP_UP', obligations: { ...hitl(1, 'critical').obligations, min_strength: 'mfa', max_sign_in_age_ms: 1 } } as const;
  expect(compare(ALLOW, stepUp, asking()).after).toEqual({ votes: 1, tier: 'critical' });
});
