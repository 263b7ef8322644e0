import { expect, it } from 'vitest';
import { differencesOf } from './differences.ts';

it.each([
  [{ outcome: 'ALLOW', obligations: {} }, { outcome: 'ALLOW', obligations: {} }, []],
  [{ outcome: 'ALLOW', obligations: {} }, { outcome: 'REQUIRE_HITL', obligations: { required_votes: 2 } }, ['REQUIRE_HITL instead of ALLOW', 'Needs: 2 votes instead of nothing']],
  [{ outcome: 'ALLOW', obligations: { caps: { '/n': 1 } } }, { outcome: 'ALLOW', obligations: { caps: { '/n': 2 } } }, ['Cap on /n: at most 2 instead of at most 1']],
  [{ outcome: 'REQUIRE_HITL', obligations: { tier: 'a' } }, { outcome: 'DENY', obligations: {} }, ['DENY instead of REQUIRE_HITL', 'Tier: nothing instead of a']],
])('%#', (binding, other, words) => expect(differencesOf(binding, other)).toEqual(words));
