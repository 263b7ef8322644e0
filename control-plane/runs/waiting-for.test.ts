import { expect, test } from 'vitest';
import type { TimelineRunRow, TimelineStepRow } from './repository-timeline.ts';
import { waitingFor } from './waiting-for.ts';

const NOW = new Date('2026-01-01T00:00:10Z');
const RUN: TimelineRunRow = { state: 'running', paused_at: null, paused_by: null, pause_reason: null, stopped: false, now: NOW };
const STEP: TimelineStepRow = {
  id: 'stp', key: 'update', uses: 'desk/ticket.update', needs: ['read', 'check'], state: 'ready', attempt: 1, max_attempts: 5, created_at: NOW, available_at: NOW, started_at: null, finished_at: null,
  lease_owner: null, lease_expires_at: null, fence: '1', held: false, error: null, approval_id: null, approval_expires_at: null, approval_kind: null, total: 1, ordinal: 0,
};
const SOON = new Date('2026-01-01T00:01:00Z');
const ERROR = { code: 'peer_timeout', message: 'The peer did not answer.' };

test.each<[string, Partial<TimelineStepRow>, Partial<TimelineRunRow>, object]>([
  ['what it needs', { state: 'blocked' }, {}, { kind: 'steps', needs: ['check'] }],
  ['a worker', {}, {}, { kind: 'worker', until: null }],
  ['its back-off', { state: 'retrying', available_at: SOON, error: ERROR }, {}, { kind: 'retry', until: SOON.toISOString(), message: expect.stringContaining('The peer did not answer.') as string }],
  ['a worker, its back-off being over', { state: 'retrying' }, {}, { kind: 'worker' }],
  ['the system of record', { state: 'uncertain', available_at: SOON }, {}, { kind: 'outcome', until: SOON.toISOString() }],
  ['a person', { state: 'waiting', approval_id: 'apr', approval_expires_at: SOON, approval_kind: 'action' }, {}, { kind: 'approval', approval_id: 'apr', until: SOON.toISOString() }],
  ['a person who knows what happened', { state: 'waiting', approval_id: 'apr', approval_kind: 'outcome' }, {}, { kind: 'outcome', approval_id: 'apr' }],
  ['a person who knows, while the system of record does not', { state: 'uncertain', approval_id: 'apr', approval_kind: 'outcome', approval_expires_at: SOON }, {}, { kind: 'outcome', approval_id: 'apr', until: SOON.toISOString() }],
  ['a time', { state: 'waiting', uses: 'wait', available_at: SOON }, {}, { kind: 'time', until: SOON.toISOString() }],
  ['its items', { state: 'waiting', uses: 'map' }, {}, { kind: 'children' }],
  ['a run that it started', { state: 'waiting', uses: 'workflow/other' }, {}, { kind: 'children' }],
  ['being resumed', {}, { paused_at: NOW }, { kind: 'pause' }],
  ['a kill switch', { state: 'retrying', available_at: SOON }, { stopped: true }, { kind: 'kill_switch' }],
  ['what a kill switch held, to be let go', { state: 'retrying', error: { code: 'stopped_by_kill_switch', message: 'Stopped.' } }, {}, { kind: 'kill_switch' }],
  ['a limit of its workflow', { held: true }, {}, { kind: 'admission' }],
])('a step may wait for %s', (_what, step, run, expected) => {
  expect(waitingFor({ ...STEP, ...step }, { ...RUN, ...run }, new Map([['read', 'succeeded'], ['check', 'leased']]))).toMatchObject(expected);
});

test.each(['leased', 'succeeded', 'failed', 'skipped', 'cancelled', 'dead'] as const)('a step that is %s waits for nothing', (state) => {
  expect(waitingFor({ ...STEP, state }, { ...RUN, paused_at: NOW, stopped: true }, new Map())).toBeNull();
});
