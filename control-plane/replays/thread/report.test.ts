import { expect, test } from 'vitest';
import { people } from './report.ts';

const asked = (tier: string, changes: Partial<Record<'extra_approvals' | 'extra_votes' | 'approvals_less' | 'votes_less', number>>) => ({ tier, extra_approvals: 0, extra_votes: 0, approvals_less: 0, votes_less: 0, ...changes });
const STANDARD = { tier: 'standard', median_ms: 600_000, votes: 3 };
const OVERALL = { tier: null, median_ms: 300_000, votes: 4 };

test('votes cost the median time of their tier, or of all where nobody has decided in it', () => {
  const rows = [asked('standard', { extra_approvals: 2, extra_votes: 3 }), asked('critical', { extra_approvals: 1, extra_votes: 1, approvals_less: 2, votes_less: 2 })];
  expect(people(rows, [STANDARD, OVERALL])).toEqual({
    extra_approvals: 3, extra_votes: 4, extra_person_minutes: 35, approvals_no_longer_needed: 2, votes_no_longer_needed: 2, person_minutes_no_longer_needed: 10,
  });
});

test('where nothing was ever decided nobody knows, unless nobody is asked', () => {
  expect(people([asked('standard', { extra_approvals: 1, extra_votes: 1 })], [])).toMatchObject({ extra_person_minutes: null, person_minutes_no_longer_needed: 0 });
});
