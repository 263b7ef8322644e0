import { describe, expect, test } from 'vitest';
import { learntLimitOf, retryAfterMsOf } from './learnt-limits.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const epoch = (secondsFromNow: number): string => String(NOW / 1_000 + secondsFromNow);

describe('rate limits that a peer teaches', () => {
  test.each([
    ['the standard draft', { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' }, { limit: 100, remaining: 50, resetsInMs: 30_000 }],
    ['the standard draft without its policy', { ratelimit: '"default";r=0;t=7' }, null],
    ['ServiceNow, which says no remaining', { 'x-ratelimit-limit': '100', 'x-ratelimit-reset': epoch(1_800) }, { limit: 100, remaining: null, resetsInMs: 1_800_000 }],
    ['GitHub', { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': epoch(60) }, { limit: 5_000, remaining: 4_999, resetsInMs: 60_000 }],
    ['OpenAI', { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m30.5s' }, { limit: 60, remaining: 0, resetsInMs: 90_500 }],
    ['OpenAI, in milliseconds', { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59', 'x-ratelimit-reset-requests': '250ms' }, { limit: 60, remaining: 59, resetsInMs: 250 }],
    ['Anthropic', { 'anthropic-ratelimit-requests-limit': '50', 'anthropic-ratelimit-requests-remaining': '3', 'anthropic-ratelimit-requests-reset': '2026-11-21T10:00:20Z' }, { limit: 50, remaining: 3, resetsInMs: 20_000 }],
    ['seconds from now', { 'x-ratelimit-limit': '10', 'x-ratelimit-reset': '15' }, { limit: 10, remaining: null, resetsInMs: 15_000 }],
    ['a reset in the past', { 'x-ratelimit-limit': '10', 'x-ratelimit-reset': epoch(-5) }, null],
    ['no number', { 'x-ratelimit-limit': 'many', 'x-ratelimit-reset': epoch(5) }, null],
    ['nothing', {}, null],
    ['an endless reset', { 'x-ratelimit-limit': '10', 'x-ratelimit-reset': '99999999999' }, { limit: 10, remaining: null, resetsInMs: 86_400_000 }],
  ])('%s', (_what, headers, expected) => {
    expect(learntLimitOf(headers as Record<string, string>, NOW)).toEqual(expected);
  });

  test.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:05 GMT' }, 5_000],
    [{ 'retry-after-ms': '40', 'retry-after': '1' }, 40],
    [{ 'retry-after': '999999' }, 3_600_000],
    [{ 'retry-after': 'soon' }, 777],
    [{}, 777],
  ])('%j is a wait of %i ms', (headers, expected) => {
    expect(retryAfterMsOf(headers as Record<string, string>, NOW, 777)).toBe(expected);
  });
});
