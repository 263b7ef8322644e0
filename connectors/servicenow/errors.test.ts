import { describe, expect, test } from 'vitest';
import type { EgressResponse, Json } from '../sdk/connector.ts';
import { errorOfResponse } from './errors.ts';

const NOW = new Date('2026-05-05T10:00:00Z');

function answer(status: number, { headers = {}, error = { message: 'x', detail: null } as Json }: { headers?: Record<string, string>; error?: Json } = {}): EgressResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: new Uint8Array(), json: () => ({ error, status: 'failure' }) };
}

describe('what ServiceNow refuses, in our words', () => {
  test.each([
    [400, 'peer_refused', false, 'none'], [401, 'peer_unauthenticated', false, 'none'], [403, 'peer_forbidden', false, 'none'], [404, 'peer_not_found', false, 'none'],
    [405, 'peer_refused', false, 'none'], [406, 'peer_refused', false, 'none'], [408, 'peer_refused', true, 'none'], [415, 'peer_refused', false, 'none'], [429, 'peer_rate_limited', true, 'none'],
    [500, 'peer_unavailable', true, 'unknown'], [502, 'peer_unavailable', true, 'unknown'], [503, 'peer_unavailable', true, 'unknown'], [204, 'peer_unavailable', true, 'unknown'],
  ])('%i on a write', (status, code, retryable, effect) => {
    expect(errorOfResponse(answer(status), 'writing incident', { changes: true, now: NOW })).toMatchObject({ code, retryable, effect, status });
    expect(errorOfResponse(answer(status), 'reading incident', { changes: false, now: NOW })).toMatchObject({ code, retryable, effect: 'none' });
  });

  test.each([['7', 7_000], ['0', 0], ['Tue, 05 May 2026 10:00:30 GMT', 30_000], ['Tue, 05 May 2026 09:00:00 GMT', 0], ['999999', 3_600_000], ['soon', undefined], ['', undefined]])('Retry-After: %s', (value, expected) => {
    expect(errorOfResponse(answer(429, { headers: { 'retry-after': value } }), 'x', { changes: false, now: NOW }).retryAfterMs).toBe(expected);
  });

  test('repeats what the platform says and not what a business rule says', () => {
    const message = (detail: Json) => errorOfResponse(answer(403, { error: { message: 'Operation Failed', detail } }), 'x', { changes: true, now: NOW }).message;
    expect(message('Data Policy Exception: The following fields are mandatory: Additional comments')).toContain('fields are mandatory');
    expect(message('Dear Ms Example, your ticket about the password hunter2 was refused')).not.toContain('hunter2');
    expect(message(null)).toContain('403');
  });

  test('says when a page came instead of JSON', () => {
    expect(errorOfResponse(answer(503, { headers: { 'content-type': 'text/html' } }), 'x', { changes: false, now: NOW }).message).toContain('page instead of JSON');
  });
});
