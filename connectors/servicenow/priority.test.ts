import { describe, expect, test } from 'vitest';
import { pairFor, priorityOf } from './priority.ts';
import { BASE_PRIORITY_MATRIX } from './sandbox/priority-lookup.ts';

const RULES = BASE_PRIORITY_MATRIX.map(([impact, urgency, priority]) => ({ impact, urgency, priority }));
const to = (priority: string, impact: string, urgency: string) => {
  const pair = pairFor(RULES, priority, { impact, urgency });
  return pair === null ? null : `${pair.impact}${pair.urgency}`;
};

describe('the impact and urgency that give a priority', () => {
  test.each([
    ['the pair that is there already', '4', '2', '3', '23'],
    ['the other pair that is there already', '4', '3', '2', '32'],
    ['the nearest pair', '2', '1', '1', '12'],
    ['of two as near, the one that leaves the impact alone', '3', '2', '1', '22'],
    ['from the lowest, the one that leaves the impact alone', '4', '3', '3', '32'],
    ['two steps where one is not enough', '1', '3', '3', '11'],
    ['values that are unset', '5', '', '', '33'],
  ])('%s', (_what, priority, impact, urgency, expected) => {
    expect(to(priority, impact, urgency)).toBe(expected);
  });

  test('nothing for a priority that no rule gives', () => {
    expect(to('9', '1', '1')).toBeNull();
    expect(pairFor([], '1', { impact: '1', urgency: '1' })).toBeNull();
  });

  test('a rule that an earlier one overrides is not relied on', () => {
    const rules = [{ impact: '1', urgency: '1', priority: '2' }, { impact: '1', urgency: '1', priority: '1' }, { impact: '1', urgency: '2', priority: '1' }];
    expect(priorityOf(rules, '1', '1')).toBe('2');
    expect(pairFor(rules, '1', { impact: '1', urgency: '1' })).toEqual({ impact: '1', urgency: '2' });
  });

  test('always gives the priority that was asked for', () => {
    for (const { priority } of RULES) for (const { impact, urgency } of RULES) {
      const pair = pairFor(RULES, priority, { impact, urgency })!;
      expect(priorityOf(RULES, pair.impact, pair.urgency)).toBe(priority);
    }
  });
});
