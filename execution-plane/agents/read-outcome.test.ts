import { describe, expect, test } from 'vitest';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import { DEFAULT_RETRY } from '@countersign/contracts/workflow/definition.ts';
import { endOfCall } from '../engine/step-end.ts';
import { effectBy, foundBy, performedBy, preparedBy, refusalError } from './read-outcome.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const body = (changes: Partial<OutcomeBody>): OutcomeBody => ({
  order_id: 'ord_01aaaaaaaaaaaaaaaaaaaaaaaa', state: 'succeeded', result: null, error: null, usage: [], exchanges: { request_digest: DIGEST, response_digest: DIGEST, may_have_changed: false }, duration_ms: 5, ...changes,
});
const done = { output: { text: 'hello' }, receipt: null, nested_labels: ['ticket_text'], hidden: { zero_width: 2 } };
const ERROR = { code: 'peer_timeout', message: 'Late.', retryable: true, retry_after_ms: 700 };

describe('what an agent made of an order', () => {
  test('is what carrying it out here would have been', () => {
    const performed = performedBy(body({ result: done, usage: [{ meter: 'connector.call', quantity: 2, unit: 'call' }] }), false, 40);
    expect(performed).toMatchObject({ state: 'succeeded', result: { output: { text: 'hello' }, usage: [{ quantity: 2 }] }, hidden: { zero_width: 2 }, nestedLabels: ['ticket_text'], judgedThere: 'whole', durationMs: 40 });
    expect([performed.exchanges.count(), performed.exchanges.requestDigest(), performed.exchanges.mayHaveChangedSomething()]).toEqual([1, DIGEST, false]);
    expect(performedBy(body({ state: 'uncertain', error: ERROR }), true, 40)).toMatchObject({ state: 'uncertain', error: { code: 'peer_timeout', retryAfterMs: 700 } });
  });

  test('that was too large to be told is a success without an output', () => {
    expect(performedBy(body({ result: { ...done, output: null } }), true, 1)).toMatchObject({ state: 'succeeded', result: { output: {} }, judgedThere: 'output_too_large' });
  });

  test('and cannot be read says nothing of a write, and is no answer to a read', () => {
    const unreadable = body({ result: { output: 'text' } });
    expect(performedBy(unreadable, true, 1)).toMatchObject({ state: 'uncertain', error: { code: 'response_invalid' } });
    expect(performedBy(unreadable, false, 1)).toMatchObject({ state: 'failed', error: { code: 'response_invalid' } });
    expect(effectBy(unreadable)).toBeNull();
    expect(preparedBy(unreadable)).toMatchObject({ error: { code: 'response_invalid' } });
    expect(foundBy(unreadable)).toMatchObject({ happened: 'unknown' });
  });

  test.each<[string, Partial<OutcomeBody>]>([['failed', { state: 'failed', error: ERROR }], ['uncertain', { state: 'uncertain', error: ERROR }], ['too large', { result: { ...done, output: null } }], ['unreadable', { result: {} }]])('%s, costs nothing that no price can be reckoned of', (_what, changes) => {
    const usage = [-1, 1e15, 3].map((quantity) => ({ meter: 'connector.call', quantity, unit: 'call' }));
    const performed = performedBy(body({ ...changes, usage }), true, 1);
    expect((performed.state === 'succeeded' ? performed.result.usage : performed.usage)?.map(({ quantity }) => quantity)).toEqual([3]);
  });

  test.each<[string, Partial<OutcomeBody>, object | null]>([
    ['done', { result: done }, { happened: true, result: { output: { text: 'hello' } }, hidden: { zero_width: 2 } }],
    ['not done', { state: 'failed', error: ERROR }, { happened: false, error: { code: 'peer_timeout' } }],
    ['perhaps done', { state: 'uncertain', error: ERROR }, null],
  ])('%s, is so when it is heard of later', (_what, changes, effect) => {
    if (effect === null) expect(effectBy(body(changes))).toBeNull();
    else expect(effectBy(body(changes))).toMatchObject(effect);
  });

  test.each<[string, Partial<OutcomeBody>, object]>([
    ['there', { result: { happened: true, output: { text: 'hello' }, receipt: null, hidden: {} } }, { happened: true, result: { output: { text: 'hello' } } }],
    ['not there', { result: { happened: false } }, { happened: false }],
    ['hidden for now', { result: { happened: 'unknown', why: 'Busy.', for_good: false, retry_after_ms: 900 } }, { happened: 'unknown', why: 'Busy.', retryAfterMs: 900 }],
    ['never to be seen', { result: { happened: 'unknown', why: 'No.', for_good: true, retry_after_ms: null } }, { happened: 'unknown', forGood: true }],
    ['not asked for', { state: 'failed', error: ERROR }, { happened: 'unknown' }],
  ])('%s, is what was found', (_what, changes, found) => {
    expect(foundBy(body(changes))).toMatchObject(found);
  });
});

describe('a refusal', () => {
  const turn = { attempt: 1, maxAttempts: 3, retry: DEFAULT_RETRY, random: 0 };
  const endOf = (refusal: OrderRefusal): string => {
    const end = endOfCall({ kind: 'failed', error: refusalError(refusal, 'agt_1') }, turn);
    return `${end.to}${'attemptGivenBack' in end && end.attemptGivenBack === true ? ', at no attempt' : ''}`;
  };

  test('that passes is waited for, one of policy ends the step, and one that nobody should have caused is for a person to look at', () => {
    const ends = Object.groupBy(Object.keys(ORDER_REFUSALS) as OrderRefusal[], endOf);
    expect(ends).toEqual({
      'retrying, at no attempt': ['policy_behind', 'stopped_by_kill_switch', 'spool_full', 'clock_untrusted', 'draining'],
      'retrying': ['order_expired'],
      'failed': ['policy_denied_here'],
      'dead': ['order_malformed', 'order_signature_invalid', 'order_for_another', 'order_replayed', 'order_fence_stale', 'order_parameters_changed', 'order_action_mismatch', 'order_approval_mismatch', 'connection_unknown', 'package_changed'],
    });
  });

  test('in a word that is not known here is one all the same', () => {
    expect(refusalError('weather' as OrderRefusal, 'agt_1')).toMatchObject({ code: 'agent_refused', retryable: false, message: expect.stringContaining('weather') as string });
  });
});
