import { expect, it } from 'vitest';
import { exceededLimits, readLimits } from './replay-limits.ts';

type Report = Parameters<typeof exceededLimits>[1];

const GATE = { enabled: true, max_replay_age_s: 3600, min_decisions: 0, max_changed_share: 0.1, max_newly_denied_runs: 0, max_extra_approval_minutes: null };
const report = (figures: Partial<Report['figures']>, failed = 0): Report => ({
  figures: {
    replayed: 100, unchanged: 100, changed: 0, changed_obligations: 0, newly_denied: 0, newly_denied_runs: 0, newly_denied_runs_cost_usd: '0.000000000', no_longer_denied: 0, no_longer_denied_runs: 0,
    extra_approvals: 0, extra_votes: 0, extra_person_minutes: null, approvals_no_longer_needed: 0, votes_no_longer_needed: 0, person_minutes_no_longer_needed: null, ...figures,
  },
  not_replayed: { shredded: 0, not_kept: 0, not_by_policy: 0, input_outdated: 0, facts_missing: 0, failed }, groups: [], decision_times: [], took_ms: 1,
});

it('takes the gate\'s limits unless the command names any', () => {
  expect(readLimits({}, GATE)).toEqual({ max_changed_share: 0.1, max_newly_denied_runs: 0, max_extra_approval_minutes: null });
  expect(readLimits({}, { ...GATE, enabled: false })).toEqual({ max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null });
  expect(readLimits({ maxExtraApprovalMinutes: '30' }, GATE)).toEqual({ max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: 30 });
});

it.each([{ maxChangedShare: '2' }, { maxChangedShare: '' }, { maxNewlyDeniedRuns: '-1' }, { maxExtraApprovalMinutes: 'x' }])('refuses %j', (options) => {
  expect(() => readLimits(options, GATE)).toThrow(/takes a number from 0/);
});

it('is exceeded above a limit and not at it', () => {
  const limits = { max_changed_share: 0.1, max_newly_denied_runs: 1, max_extra_approval_minutes: 10 };
  expect(exceededLimits(limits, report({ changed: 10, newly_denied_runs: 1, extra_approvals: 2, extra_person_minutes: 10 }))).toEqual([]);
  expect(exceededLimits(limits, report({ changed: 11 }))).toEqual(['11 % of the decisions come out otherwise, 10 % are allowed.']);
  expect(exceededLimits(limits, report({ newly_denied_runs: 2 }))).toHaveLength(1);
  expect(exceededLimits(limits, report({ extra_approvals: 2, extra_person_minutes: 10.5 }))).toHaveLength(1);
});

it('what is not known, and what gets no decision, is exceeded', () => {
  const none = { max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null };
  expect(exceededLimits({ ...none, max_extra_approval_minutes: 1000 }, report({ extra_approvals: 1 }))).toEqual(['An unknown time for 1 more approvals, 1000 minutes are allowed.']);
  expect(exceededLimits(none, report({}, 3))).toEqual(['For 3 of the recorded calls the policy gives no decision: they would be denied.']);
});
