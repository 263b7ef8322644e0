import { describe, expect, it } from 'vitest';
import { formOf, gateInWords, limitsOf } from './gate-form.ts';

const LIMITS = { enabled: true, max_replay_age_s: 86_400, min_decisions: 1_000, max_changed_share: 0.055, max_newly_denied_runs: 0, max_extra_approval_minutes: null };

describe('the form of a gate', () => {
  it('and back is the same gate', () => {
    expect(formOf(LIMITS)).toEqual({ enabled: true, minDecisions: '1000', maxChangedPercent: '5.5', maxNewlyDeniedRuns: '0', maxExtraMinutes: '', maxReplayAgeHours: '24' });
    expect(limitsOf(formOf(LIMITS))).toEqual({ limits: LIMITS });
  });
  it.each([
    ['minDecisions', ''], ['minDecisions', '1.5'], ['maxChangedPercent', '101'], ['maxChangedPercent', 'few'], ['maxNewlyDeniedRuns', '-1'], ['maxExtraMinutes', 'x'], ['maxReplayAgeHours', ''], ['maxReplayAgeHours', '0'], ['maxReplayAgeHours', '9000'],
  ] as const)('%s cannot be %j', (field, text) => expect(limitsOf({ ...formOf(LIMITS), [field]: text })).toEqual({ wrong: [field] }));
});

it.each([
  [{ ...LIMITS, enabled: false }, 'No gate: releases need no replay'],
  [LIMITS, 'Gate: at least 1000 decisions replayed, at most 5.5 % changed, at most 0 runs denied'],
])('in words (%#)', (limits, words) => expect(gateInWords(limits)).toBe(words));
