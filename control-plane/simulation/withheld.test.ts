import { expect, test } from 'vitest';
import type { Decision } from '@countersign/contracts/policy/decision.ts';
import { WITHHELD, withoutContent, wordsOfPolicy } from './withheld.ts';

const files = new Map([
  ['tenant/t.rego', Buffer.from('verdict := {"outcome": "DENY", "rule": "tenant/no", "message": "Say \\"no\\"", "obligations": {"tier": "standard", "required_votes": 2, "caps": {"/amount": 500}}}')],
  ['data.json', Buffer.from('{"countersign":{"config":{"tenant":{"role":"approver"}}}}')],
  ['policy.wasm', Buffer.from('"secret ticket text"')],
]);
const isOfPolicy = wordsOfPolicy(files);

test('the policy\'s own words are shown, from its sources and its data', () => {
  const decision: Decision = { outcome: 'DENY', reasons: [{ rule: 'tenant/no', message: 'Say "no"' }], obligations: { tier: 'standard', required_role: 'approver', required_votes: 2, caps: { '/amount': 500 } } };
  expect(withoutContent(decision, isOfPolicy)).toEqual(decision);
});

test('whatever it made of what it was asked is not: neither texts nor numbers nor names', () => {
  const decision: Decision = {
    outcome: 'REQUIRE_HITL', reasons: [{ rule: 'tenant/no', message: 'secret ticket text' }, { rule: 'tenant/secret', message: 'Say "no"' }],
    obligations: { tier: 'secret', required_votes: 31_337, caps: { '/secret': 500 }, redactions: ['/secret'] },
    shadow: { outcome: 'DENY', reasons: [{ rule: 'tenant/no', message: 'secret' }], obligations: {} },
  };
  const shown = withoutContent(decision, isOfPolicy);
  expect(JSON.stringify(shown)).not.toMatch(/secret|31337/);
  expect(shown).toMatchObject({ outcome: 'REQUIRE_HITL', reasons: [{ rule: 'tenant/no', message: WITHHELD }, { rule: WITHHELD, message: 'Say "no"' }], shadow: { outcome: 'DENY' } });
});
