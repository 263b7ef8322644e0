import { describe, expect, it } from 'vitest';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { childHasEnded, childIsUnwanted, endOfChild } from './children.ts';
import { engineOf, ENGINE_VERSION, ENGINE_VERSIONS } from './versions.ts';
import { endWhileCancelling } from './step-end.ts';
import { redriveOf } from './redrive.ts';
import type { StepNode } from './run-graph.ts';
import { runIsOverdue, stepIsOverdue, timeHasCome } from './timers.ts';

const node = (state: StepState, uses = 'a/b', key = 's'): StepNode => ({ key, needs: [], state, uses });
const child = (state: RunState, changes: object = {}) => endOfChild({ id: 'run_1', workflow: 'notify', state, error: { code: 'peer_forbidden', message: 'No.', step_key: 'send' }, told: false, overdue: false, ...changes });

describe('time', () => {
  it('ends waits that are still waiting, and nothing else', () => {
    expect(timeHasCome(node('waiting', 'wait'))).toEqual({ key: 's', from: 'waiting', to: 'succeeded' });
    expect([timeHasCome(node('cancelled', 'wait')), timeHasCome(node('waiting'))]).toEqual([null, null]);
  });

  it('fails what is over its deadline, but not what is under way, of unknown outcome, not begun, or waits for its run', () => {
    for (const state of ['ready', 'waiting', 'retrying'] as const) expect(stepIsOverdue(node(state))).toMatchObject({ to: 'failed', error: { code: 'deadline_exceeded' } });
    for (const state of ['leased', 'uncertain', 'blocked', 'succeeded', 'dead'] as const) expect(stepIsOverdue(node(state)), state).toBeNull();
    expect(stepIsOverdue(node('waiting', 'workflow/notify'))).toBeNull();
  });

  it('stops a run once, and fails its own steps that waited for their turn', () => {
    const steps = [node('leased', 'a/b', 'one'), node('retrying', 'a/b', 'two'), node('waiting', 'map', 'all'), node('ready', 'a/b', 'all[0].x'), node('blocked', 'a/b', 'last')];
    expect(runIsOverdue({ state: 'running', steps })).toMatchObject({ run: 'cancelling', runError: { code: 'deadline_exceeded' }, steps: [{ key: 'two', to: 'failed' }, { key: 'all', to: 'failed' }] });
    for (const state of ['cancelling', 'succeeded', 'failed', 'cancelled'] as const) expect(runIsOverdue({ state, steps })).toBeNull();
  });

  it('fails, in a run whose deadline is over, what would wait again; what holds something under way goes on waiting', () => {
    const retrying = { to: 'retrying', delayMs: 1, error: { code: 'peer_unavailable', message: 'Away.' } } as const;
    expect(endWhileCancelling(retrying, true)).toMatchObject({ to: 'failed', error: { code: 'deadline_exceeded' } });
    expect(endWhileCancelling(retrying, false)).toMatchObject({ to: 'cancelled', error: { code: 'run_cancelled' } });
    const holding = { to: 'waiting', approvalId: null, holds: true } as const;
    expect(endWhileCancelling(holding, true)).toBe(holding);
    expect(endWhileCancelling({ to: 'waiting', approvalId: 'apr' }, true)).toMatchObject({ to: 'failed', approvalId: 'apr' });
    const done = { to: 'uncertain', delayMs: 1, error: { code: 'peer_timeout', message: 'Who knows.' } } as const;
    expect(endWhileCancelling(done, true)).toBe(done);
  });
});

describe('a step that has started a run', () => {
  it('waits while that is under way, and takes what it gave', () => {
    for (const state of ['queued', 'running', 'waiting', 'cancelling'] as const) expect(child(state)).toEqual({ kind: 'end', end: { to: 'waiting', approvalId: null, holds: true } });
    expect(child('succeeded')).toEqual({ kind: 'gather' });
  });

  it('fails as it has failed, once; after that it redrives it', () => {
    expect(child('failed')).toMatchObject({ end: { to: 'failed', error: { code: 'peer_forbidden', message: 'The run run_1 of notify failed in send: No.', data: { run_id: 'run_1', step_key: 'send' } } } });
    expect(child('failed', { told: true })).toEqual({ kind: 'redrive' });
  });

  it('never replaces one that was cancelled', () => {
    expect(child('cancelled', { told: true })).toMatchObject({ end: { to: 'failed', error: { code: 'run_cancelled' } } });
    expect(child('cancelled', { overdue: true })).toMatchObject({ end: { to: 'failed', error: { code: 'deadline_exceeded' } } });
  });

  it('goes on when it has ended, and it is cancelled when nobody waits for it', () => {
    expect(childHasEnded(node('waiting', 'workflow/notify'))).toMatchObject({ to: 'ready' });
    expect([childHasEnded(node('waiting')), childHasEnded(node('cancelled', 'workflow/notify'))]).toEqual([null, null]);
    expect(childIsUnwanted({ state: 'waiting', steps: [] }, true)).toMatchObject({ run: 'cancelling', runError: { code: 'run_cancelled', message: expect.stringContaining('deadline') as unknown } });
    expect(childIsUnwanted({ state: 'cancelling', steps: [] }, true)).toBeNull();
  });
});

describe('a redrive', () => {
  const map = (state: StepState) => node(state, 'map', 'all');

  it('of an item takes its map along, and nothing else that failed', () => {
    const found = redriveOf({ state: 'failed', steps: [map('failed'), node('dead', 'a/b', 'all[1].x'), node('dead', 'a/b', 'other'), node('cancelled', 'a/b', 'last')] }, 'all[1].x');
    expect(found?.broken.map(({ key }) => key)).toEqual(['all[1].x', 'all']);
    expect(found?.behind.map(({ key }) => key)).toEqual(['last']);
  });

  it('leaves items of a map that went on without them', () => {
    expect(redriveOf({ state: 'failed', steps: [map('succeeded'), node('dead', 'a/b', 'all[1].x'), node('dead', 'a/b', 'other')] }, null)?.broken.map(({ key }) => key)).toEqual(['other']);
    expect(redriveOf({ state: 'running', steps: [map('succeeded'), node('dead', 'a/b', 'all[1].x')] }, null)).toBeNull();
  });

  it('of a run that only its deadline ended begins with what was cancelled', () => {
    expect(redriveOf({ state: 'failed', steps: [node('succeeded', 'a/b', 'one'), node('cancelled', 'a/b', 'two')] }, null)).toMatchObject({ broken: [], behind: [{ key: 'two' }] });
    expect(redriveOf({ state: 'failed', steps: [node('succeeded')] }, null)).toEqual({ broken: [], behind: [] });
  });

  it('of what has ended well, or is being cancelled, is nothing', () => {
    for (const state of ['succeeded', 'cancelled', 'cancelling', 'queued'] as const) expect(redriveOf({ state, steps: [node('dead')] }, null)).toBeNull();
    expect(redriveOf({ state: 'failed', steps: [node('dead')] }, 'elsewhere')).toBeNull();
  });
});

describe('versions of the engine', () => {
  it('a worker has what new runs begin with, and says what it lacks', () => {
    expect(ENGINE_VERSIONS).toContain(ENGINE_VERSION);
    expect(() => engineOf(99)).toThrow(expect.objectContaining({ code: 'engine_unknown', message: expect.stringContaining('needs 99') as unknown }) as Error);
  });
});
