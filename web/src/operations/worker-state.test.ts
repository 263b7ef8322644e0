import { expect, it } from 'vitest';
import { workerState } from './worker-state.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();

it.each([
  [29, null, 'working'], [29, 10, 'draining'], [31, null, 'silent'], [31, 10, 'silent'],
] as const)('heard of %d s ago, draining since %s: %s', (ago_s, since, state) => {
  expect(workerState({ heartbeat_at: at(0), draining_since: since === null ? null : at(since) }, at(ago_s))).toBe(state);
});
