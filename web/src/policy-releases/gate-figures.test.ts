import { expect, it } from 'vitest';
import { figureRows } from './gate-figures.ts';

const LIMITS = { enabled: true, max_replay_age_s: 3600, min_decisions: 100, max_changed_share: 0.05, max_newly_denied_runs: 0, max_extra_approval_minutes: null };
const FIGURES = { decisions: 200, changed: 10, newly_denied_runs: 1, extra_approvals: 3, extra_approval_minutes: 12.34 };

it('figures stand beside the limits, and what is over one is marked', () => {
  expect(figureRows({ figures: FIGURES, limits: LIMITS }).map(({ figure, limit, exceeded }) => [figure, limit, exceeded])).toEqual([
    ['200', 'at least 100', false], ['5 % (10)', 'at most 5 %', false], ['1', 'at most 0', true], ['12.3 (3 approvals)', 'no limit', false],
  ]);
  expect(figureRows({ figures: { ...FIGURES, decisions: 0, changed: 0 }, limits: LIMITS })[0]?.exceeded).toBe(true);
});
