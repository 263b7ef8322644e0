import { describe, expect, it } from 'vitest';
import { adjustedInWords, obligationsInWords } from './obligations.ts';

describe('obligations in words', () => {
  it.each([
    [{}, []],
    [{ tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 3_600_000 }, ['Needs: 1 vote of role approver', 'Tier: standard', 'Within: 1 h']],
    [{ required_votes: 2, min_strength: 'mfa', max_sign_in_age_ms: 300_000 }, ['Needs: 2 votes', 'Sign-in: by mfa or stronger', 'Signed in: at most 5 min before the vote']],
    [{ retry_after_ms: 6_000, rate: { count: 10, per_ms: 60_000 } }, ['Rate: at most 10 in 1 min', 'Again after: 6.0 s']],
    [{ target: 'instance:spare' }, ['Sent to: instance:spare']],
    [{ caps: { '/limit': 100 }, redactions: ['/note', '/text'] }, ['Cap on /limit: at most 100', 'Taken out: /note, /text']],
    [{ redactions: [], later_kind: { a: 1 } }, ['later_kind: {"a":1}']],
  ])('%j', (obligations, expected) => expect(obligationsInWords(obligations).map(({ name, value }) => `${name}: ${value}`)).toEqual(expected));
});

it.each([
  [null, null], [{ capped: [], redacted: [] }, null], [{ capped: ['/limit'], redacted: [] }, 'Policy capped /limit'], [{ capped: ['/a', '/b'], redacted: ['/note'] }, 'Policy capped /a, /b and took out /note'],
])('%j is %j', (adjusted, words) => expect(adjustedInWords(adjusted)).toBe(words));
