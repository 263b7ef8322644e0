import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EgressResponse } from '@countersign/connectors/sdk/connector.ts';
import { errorOfResponse } from './errors.ts';

/** What is particular to this connector; what all promise is in conformance.ts. `countersign connector test` runs both. */
const response = (status: number, headers: Record<string, string> = {}): EgressResponse => ({ status, headers, body: new Uint8Array(), json: () => ({}) });

test('Retry-After is read as seconds and as a date', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  assert.equal(errorOfResponse(response(429, { 'retry-after': '3' }), { changes: false, now }).retryAfterMs, 3_000);
  assert.equal(errorOfResponse(response(429, { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }), { changes: false, now }).retryAfterMs, 5_000);
});

test('after a 5xx to a write nobody knows whether it happened', () => {
  assert.equal(errorOfResponse(response(503), { changes: true, now: new Date() }).effect, 'unknown');
  assert.equal(errorOfResponse(response(503), { changes: false, now: new Date() }).effect, 'none');
});
