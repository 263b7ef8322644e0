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

  test('a data policy, a business rule and an access rule are three refusals, though all are 403', () => {
    const refused = (detail: Json, message = 'Operation Failed') => errorOfResponse(answer(403, { error: { message, detail } }), 'writing incident', { changes: true, now: NOW });
    const policy = refused('Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes');
    expect(policy).toMatchObject({ code: 'peer_refused', effect: 'none', retryable: false });
    expect(policy.message).toContain('Resolution code, Resolution notes');
    expect(policy.message).toContain('data policy');
    const rule = refused("Operation against file 'incident' was aborted by Business Rule 'No edits in freeze^0a1b'. Business Rule Stack: the ticket says hunter2");
    expect(rule).toMatchObject({ code: 'peer_refused', effect: 'none' });
    expect(rule.message).toContain("'No edits in freeze^0a1b'");
    expect(rule.message).not.toContain('hunter2');
    for (const acl of [refused('ACL Exception Update Failed due to security constraints'), refused(null, 'User Not Authorized'), refused('Failed API level ACL Validation', 'User Not Authorized')]) {
      expect(acl).toMatchObject({ code: 'peer_forbidden', effect: 'none' });
      expect(acl.message).toContain('access rule (ACL)');
    }
  });

  test('a 404 says that an access rule looks the same', () => {
    expect(errorOfResponse(answer(404, { error: { message: 'No Record found', detail: "Record doesn't exist or ACL restricts the record retrieval" } }), 'reading incident', { changes: false, now: NOW }).message).toContain('does not tell these apart');
  });

  test('a 429 names the rule that is to be raised', () => {
    const rule = 'ab'.repeat(16);
    const limited = errorOfResponse(answer(429, { headers: { 'x-ratelimit-rule': rule, 'retry-after': '12' }, error: { message: 'Rate limit exceeded', detail: 'Rate limit of 100 requests per hour for Table API exceeded' } }), 'x', { changes: false, now: NOW });
    expect(limited).toMatchObject({ code: 'peer_rate_limited', retryAfterMs: 12_000 });
    expect(limited.message).toContain(rule);
    expect(limited.message).toContain('100 requests per hour');
  });

  test.each([
    [200, '<html><title>Instance Hibernating page</title>Your instance is hibernating. hunter2</html>', 'hibernating', 'response_not_json'],
    [503, '<html>Your instance is hibernating</html>', 'hibernating', 'peer_unavailable'],
    [200, '<form action="login.do"><input name="user_password">hunter2</form>', 'sign-in page', 'response_not_json'],
    [502, '<h1>502 Bad Gateway</h1> hunter2', 'try again later', 'peer_unavailable'],
    [200, '<h1>Welcome to the portal</h1>', 'base URL', 'response_not_json'],
  ])('a page with %i: %s', (status, page, says, code) => {
    const error = errorOfResponse({ status, headers: { 'content-type': 'text/html;charset=UTF-8' }, body: Buffer.from(page), json: () => null }, 'writing incident', { changes: true, now: NOW });
    expect(error).toMatchObject({ code, effect: 'unknown', retryable: true });
    expect(error.message).toContain(says);
    expect(error.message).not.toContain('hunter2');
  });

  test('says when a page came instead of JSON', () => {
    expect(errorOfResponse(answer(503, { headers: { 'content-type': 'text/html' } }), 'x', { changes: false, now: NOW }).message).toContain('page instead of JSON');
  });
});
