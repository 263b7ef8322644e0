import { describe, expect, test } from 'vitest';
import { judge } from './gate-judgement.ts';
import type { ReplayRow } from './repository-gates.ts';

const candidate = { environmentId: 'env_a', stackDigest: 'sha256:a' };
const limits = { enabled: true, max_replay_age_s: 3_600, min_decisions: 10, max_changed_share: 0.05, max_newly_denied_runs: 0, max_extra_approval_minutes: 30 };
const figures = { replayed: 100, changed: 3, changed_obligations: 2, newly_denied_runs: 0, extra_approvals: 6, extra_person_minutes: 30 };
const replay: ReplayRow = { environment_id: 'env_a', stack_digest: 'sha256:a', state: 'succeeded', age_s: 3_600, figures, failed: 0 };

test('passes exactly at every limit', () => {
  expect(judge(limits, candidate, replay)).toEqual({ passed: true, limits, figures: { decisions: 100, changed: 5, undecided: 0, newly_denied_runs: 0, extra_approvals: 6, extra_approval_minutes: 30 }, exceeded: [] });
});

describe('keeps back, and says by how much', () => {
  test.each<[string, Partial<NonNullable<ReplayRow['figures']>>, number, string]>([
    ['/min_decisions', { replayed: 9, changed: 0, changed_obligations: 0 }, 0, '9 decisions were replayed, and the gate asks for 10.'],
    ['/max_changed_share', { changed: 4 }, 0, '6 of 100 decisions come out otherwise (6 %), and the gate allows 5 %.'],
    ['/max_newly_denied_runs', { newly_denied_runs: 1 }, 0, '1 runs would have been denied and were not, and the gate allows 0.'],
    ['/max_extra_approval_minutes', { extra_person_minutes: 30.5 }, 0, 'People would be asked for 6 more approvals, 30.5 minutes, and the gate allows 30.'],
    ['/max_extra_approval_minutes', { extra_person_minutes: null }, 0, '6 more approvals are asked for, and how long people take is not known yet; the gate allows 30 minutes.'],
    ['/undecided', { changed: 0 }, 1, 'For 1 of the recorded calls the policy gave no decision: they would be denied.'],
  ])('%s', (field, changes, failed, message) => {
    expect(judge(limits, candidate, { ...replay, failed, figures: { ...figures, ...changes } })).toMatchObject({ passed: false, exceeded: [{ field, code: 'exceeded', message }] });
  });
});

test('what the policy gave no decision for counts as changed', () => {
  const report = judge(limits, candidate, { ...replay, failed: 1, figures: { ...figures, extra_approvals: 0, extra_person_minutes: 0 } });
  expect(report.figures).toMatchObject({ decisions: 101, changed: 6, extra_approval_minutes: 0 });
  expect(report.exceeded.map(({ field }) => field)).toEqual(['/max_changed_share', '/undecided']);
});

test('one more vote on what people are asked about anyway takes their time, too', () => {
  const report = judge(limits, candidate, { ...replay, figures: { ...figures, extra_approvals: 0, extra_person_minutes: 31 } });
  expect(report.exceeded.map(({ field }) => field)).toEqual(['/max_extra_approval_minutes']);
});

test('a limit that is null is none', () => {
  const none = { ...limits, min_decisions: 0, max_changed_share: null, max_newly_denied_runs: null, max_extra_approval_minutes: null };
  expect(judge(none, candidate, { ...replay, figures: { replayed: 1, changed: 1, changed_obligations: 0, newly_denied_runs: 9, extra_approvals: 9, extra_person_minutes: null } }).passed).toBe(true);
});

describe('takes no replay that says nothing about this release', () => {
  test.each<[string, ReplayRow | undefined, RegExp]>([
    ['none', undefined, /Name a finished replay/],
    ['of another stack', { ...replay, stack_digest: 'sha256:b' }, /The replay is of sha256:b, and what would be released is sha256:a/],
    ['of another environment', { ...replay, environment_id: 'env_b' }, /another environment/],
    ['that has not ended', { ...replay, state: 'running', age_s: null, figures: null, failed: null }, /The replay is running/],
    ['that is too old', { ...replay, age_s: 3_601 }, /ended 3601 s ago, and the gate takes those of the last 3600 s/],
  ])('%s', (_name, row, words) => {
    expect(() => judge(limits, candidate, row)).toThrow(expect.objectContaining({ code: 'policy_replay_required', message: expect.stringMatching(words) as string }));
  });
});
