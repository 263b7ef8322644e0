import { expect, it } from 'vitest';
import { figureRows } from './gate-figures.ts';

const LIMITS = { enabled: true, max_replay_age_s: 3600, min_decisions: 100, max_changed_share: 0.05, max_newly_denied_runs: 0, max_extra_approval_minutes: null };
const FIGURES = { decisions: 200, changed: 10, undecided: 0, newly_denied_runs: 1, extra_approvals: 3, extra_approval_minutes: 12.34 };

it('figures stand beside the limits, and what the gate calls exceeded is marked', () => {
  const exceeded = [{ field: '/max_newly_denied_runs', code: 'exceeded', message: '' }];
  expect(figureRows({ passed: false, figures: FIGURES, limits: LIMITS, exceeded }).map(({ figure, limit, exceeded }) => [figure, limit, exceeded])).toEqual([
    ['200', 'at least 100', false], ['5 % (10)', 'at most 5 %', false], ['1', 'at most 0', true], ['12.3 (3 approvals)', 'no limit', false], ['0', 'none', false],
  ]);
});

it('what is not known is said, and nothing is divided by nothing', () => {
  const rows = figureRows({ passed: true, figures: { ...FIGURES, decisions: 0, changed: 0, extra_approvals: 1, extra_approval_minutes: null }, limits: LIMITS, exceeded: [] });
  expect([rows[1]?.figure, rows[3]?.figure]).toEqual(['0 % (0)', 'not known (1 approval)']);
});
