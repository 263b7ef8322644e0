import { expect, test } from 'vitest';
import type { Call } from './call.ts';
import { concurrencyOf, requestsPerMinuteOf } from './concurrency.ts';

function call(declared: { requests_per_minute?: number; concurrency?: number } | undefined, settings: Record<string, unknown>): Call {
  return { connector: { manifest: { rate_limits: declared } }, instance: { settings } } as unknown as Call;
}

test('an instance may ask for less than its connector declares, never for more', () => {
  expect(concurrencyOf(call({ concurrency: 5 }, { max_concurrency: 2 }))).toBe(2);
  expect(concurrencyOf(call({ concurrency: 5 }, { max_concurrency: 9 }))).toBe(5);
  expect(requestsPerMinuteOf(call({ requests_per_minute: 100 }, { max_requests_per_minute: 30 }))).toBe(30);
  expect(requestsPerMinuteOf(call({ requests_per_minute: 100 }, { max_requests_per_minute: 300 }))).toBe(100);
});

test('where only one of them says something, that holds; what is no whole number says nothing', () => {
  expect(requestsPerMinuteOf(call(undefined, { max_requests_per_minute: 30 }))).toBe(30);
  expect(requestsPerMinuteOf(call({ requests_per_minute: 100 }, {}))).toBe(100);
  expect(requestsPerMinuteOf(call(undefined, {}))).toBeNull();
  for (const wrong of [0, -1, 2.5, '30', null]) expect(requestsPerMinuteOf(call(undefined, { max_requests_per_minute: wrong }))).toBeNull();
});
