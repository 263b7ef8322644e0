/**
 * Rules of the base system that refuse a write of an incident whoever the caller is. They surface as 403 (the exact
 * text of the detail is not documented; clients should look at the status).
 */
import { TableApiError } from './errors.ts';
import type { Row } from './store.ts';

const ON_HOLD = '3';
const AWAITING_CALLER = '1';
const FINISHED_STATES: ReadonlySet<string> = new Set(['6', '7']);

/** Checks an incident as it would be stored; `comments` is the additional comment of this very write. */
export function assertDataPolicies(before: Row, after: Row, comments: string): void {
  const missing: string[] = [];
  const entersHold = after['state'] === ON_HOLD && after['hold_reason'] === AWAITING_CALLER
    && (before['state'] !== ON_HOLD || before['hold_reason'] !== AWAITING_CALLER);
  if (after['state'] === ON_HOLD && (after['hold_reason'] ?? '') === '') missing.push('On hold reason');
  if (entersHold && comments === '') missing.push('Additional comments');
  if (FINISHED_STATES.has(after['state'] ?? '') && !FINISHED_STATES.has(before['state'] ?? '')) {
    if ((after['close_code'] ?? '') === '') missing.push('Resolution code');
    if ((after['close_notes'] ?? '') === '') missing.push('Resolution notes');
  }
  if (missing.length > 0) {
    throw new TableApiError(403, 'Operation Failed', `Data Policy Exception: The following fields are mandatory: ${missing.join(', ')}`);
  }
}
