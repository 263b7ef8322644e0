import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallError, CallResult } from '@countersign/connectors/gateway/ports.ts';
import { backoffMs } from './backoff.ts';
import { endOfCall, endWhileStopping } from './step-end.ts';
import type { StepEnd } from './step-end.ts';

const retry = { max_attempts: 5, backoff: 'exponential', initial_ms: 1_000, max_ms: 60_000 } as const;
const turn = { attempt: 2, maxAttempts: 5, retry, random: 0.5 };
const failed = (code: string, retryable: boolean, retryAfterMs?: number): CallResult =>
  ({ kind: 'failed', error: { code, message: 'why', retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } });

describe('endOfCall', () => {
  it.each<[string, CallResult, object]>([
    ['success', { kind: 'succeeded', callId: 'c', output: { a: 1 }, outputLabels: ['ticket_text'], receipt: null }, { to: 'succeeded', output: { a: 1 }, labels: ['ticket_text'] }],
    ['a person must decide', { kind: 'waiting_for_approval', approvalId: 'apr' }, { to: 'waiting', approvalId: 'apr' }],
    ['policy said no', { kind: 'denied', decisionId: 'dec', reasons: [{ rule: 'itsm.writes', message: 'No writes.' }] }, { to: 'failed', error: { code: 'policy_denied', message: 'No writes.' } }],
    ['policy could not be asked', { kind: 'denied', decisionId: 'dec', reasons: [{ rule: 'bundle_stale', message: 'Too old.' }] }, { to: 'failed', error: { code: 'bundle_stale', data: { decision_id: 'dec' } } }],
    ['policy sends it in a circle', { kind: 'denied', decisionId: 'dec', reasons: [{ rule: 'tenant/near', message: 'Nearer.' }, { rule: 'route_loop', message: 'On and on.' }] }, { to: 'failed', error: { code: 'route_loop', message: 'Nearer. On and on.' } }],
    ['policy counts, and what it counts cannot be had', { kind: 'denied', decisionId: 'dec', reasons: [{ rule: 'facts_unavailable', message: 'No counters.' }] }, { to: 'failed', error: { code: 'facts_unavailable' } }],
    ['policy sends it where nobody goes', { kind: 'routed', target: 'a/b', from: { target: 'c/d', decisionId: 'dec', obligations: {} } }, { to: 'failed', error: { code: 'route_loop' } }],
    ['a person said no', { kind: 'refused_by_person', approvalId: 'apr', state: 'rejected' }, { to: 'failed', error: { code: 'approval_rejected' } }],
    ['nobody answered', { kind: 'refused_by_person', approvalId: 'apr', state: 'expired' }, { to: 'failed', error: { code: 'approval_expired' } }],
    ['a passing fault', failed('peer_unavailable', true), { to: 'retrying', delayMs: 1_000 }],
    ['a peer that asks for patience', failed('peer_rate_limited', true, 7_000), { to: 'retrying', delayMs: 7_000 }],
    ['a permanent error', failed('parameters_invalid', false), { to: 'dead', error: { code: 'parameters_invalid' } }],
    ['a closed target', failed('target_closed', false), { to: 'failed', error: { code: 'target_closed' } }],
    ['an unknown outcome', { kind: 'uncertain', callId: 'c', error: { code: 'peer_timeout', message: 'why', retryable: true } }, { to: 'uncertain', delayMs: 1_000 }],
  ])('%s', (_, result, expected) => {
    expect(endOfCall(result, turn)).toMatchObject(expected);
  });

  it('what may not be called now, by its instance or by policy, uses up no attempt, however often', () => {
    for (const code of ['circuit_open', 'instance_rate_limited', 'instance_busy', 'agent_unavailable', 'policy_throttled', 'situation_unknown']) {
      const end = endOfCall(failed(code, true, 8_000), { ...turn, attempt: turn.maxAttempts });
      expect(end).toEqual({ to: 'retrying', delayMs: 8_000 + 0.5 * (2_000 + 1_000), error: { code, message: 'why' }, attemptGivenBack: true });
    }
  });

  it('asks a model once more whose answer broke its schema, and not again', () => {
    expect(endOfCall(failed('model_answer_invalid', true), { ...turn, attempt: 1 })).toMatchObject({ to: 'retrying', error: { code: 'model_answer_invalid' } });
    expect(endOfCall(failed('model_answer_invalid', true), { ...turn, attempt: 2 })).toMatchObject({ to: 'dead', error: { code: 'attempts_exhausted', data: { last_code: 'model_answer_invalid' } } });
  });

  it('gives up when attempts are exhausted, and says what it last saw', () => {
    const last = { ...turn, attempt: 5 };
    expect(endOfCall(failed('peer_unavailable', true), last)).toMatchObject({ to: 'dead', error: { code: 'attempts_exhausted', data: { last_code: 'peer_unavailable' } } });
  });

  it('never gives up on an effect before the system of record was asked, and asks a person only when that cannot tell', () => {
    const last = { ...turn, attempt: 5 };
    const uncertain = (error: Partial<CallError>): CallResult => ({ kind: 'uncertain', callId: 'c', error: { code: 'outcome_unknown', message: 'why', retryable: true, ...error } });
    const asks = { to: 'uncertain', error: { code: 'outcome_unknown', data: { question_of_call: 'c' } } };
    expect(endOfCall(uncertain({ code: 'peer_timeout' }), last)).toMatchObject({ to: 'uncertain', error: { code: 'peer_timeout' } });
    expect(endOfCall(uncertain({}), turn)).toMatchObject({ to: 'uncertain', delayMs: 1_000 });
    expect(endOfCall(uncertain({}), last)).toMatchObject(asks);
    expect(endOfCall(uncertain({ retryable: false }), { ...turn, attempt: 1 })).toMatchObject(asks);
    // Nothing is there yet, and it may still come: that is waited for, without an attempt.
    expect(endOfCall(uncertain({ retryAfterMs: 700 }), last)).toEqual({ to: 'uncertain', delayMs: 700, error: { code: 'outcome_unknown', message: 'why' }, attemptGivenBack: true });
  });

  it('waits for a kill switch to be released, without an attempt; whatever else is refused beside it fails', () => {
    const stop = { rule: 'base/kill_switch', message: 'A kill switch is on for: tenant' };
    expect(endOfCall({ kind: 'denied', decisionId: 'dec', reasons: [stop] }, turn)).toMatchObject({ to: 'retrying', attemptGivenBack: true, error: { code: 'stopped_by_kill_switch', data: { decision_id: 'dec' } } });
    expect(endOfCall({ kind: 'denied', decisionId: 'dec', reasons: [stop, { rule: 'tenant/no', message: 'No.' }] }, turn)).toMatchObject({ to: 'failed', error: { code: 'policy_denied' } });
  });
});

describe('backoffMs', () => {
  it('stays between nothing and the ceiling, and never comes before Retry-After', () => {
    assert(property(integer({ min: 1, max: 100 }), double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), integer({ min: 0, max: 100_000 }), (attempt, random, asked) => {
      const waited = backoffMs(retry, attempt, random);
      expect(waited).toBeGreaterThanOrEqual(0);
      expect(waited).toBeLessThan(Math.min(60_000, 1_000 * 2 ** (attempt - 1)));
      expect(backoffMs(retry, attempt, random, asked)).toBe(Math.max(waited, asked));
    }));
  });

  it('is even where the workflow asks for it', () => {
    expect([1, 2, 9].map((attempt) => backoffMs({ ...retry, backoff: 'fixed' }, attempt, 0.1))).toEqual([1_000, 1_000, 1_000]);
  });
});

describe('endWhileStopping', () => {
  const error = { code: 'peer_timeout', message: 'why' } as const;
  const question: StepEnd = { to: 'uncertain', delayMs: 9_000, error: { code: 'outcome_unknown', message: 'who knows', data: { question_of_call: 'call_1' } } };

  it.each<[string, StepEnd, object]>([
    ['a call that was cut off', { to: 'retrying', delayMs: 9_000, error }, { to: 'retrying', delayMs: 0, attemptGivenBack: true }],
    ['on the last attempt, too', { to: 'dead', error: { code: 'attempts_exhausted', message: 'why' } }, { to: 'retrying', delayMs: 0, attemptGivenBack: true }],
    ['a write that was cut off', { to: 'uncertain', delayMs: 9_000, error }, { to: 'uncertain', delayMs: 0, attemptGivenBack: true }],
    ['what a person is asked about', question, question],
    ['what is over', { to: 'skipped' }, { to: 'skipped' }],
  ])('%s', (_, end, expected) => {
    expect(endWhileStopping(end)).toMatchObject(expected);
  });
});
