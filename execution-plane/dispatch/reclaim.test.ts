import { describe, expect, it } from 'vitest';
import type { LockedRun } from './repository-runs.ts';
import { reclaim } from './reclaim.ts';

function run(attempt: number, changes: Partial<LockedRun['steps'][number]> = {}): LockedRun {
  return { tenantId: 'ten', id: 'run', workspaceId: 'wsp', state: 'running', workflowName: 'w', engineVersion: 1, overdue: false, paused: false, steps: [
    { id: 'stp', key: 'a', uses: 'x/y', needs: [], state: 'leased', fence: '4', attempt, maxAttempts: 3, approvalId: null, error: null, itemRules: null, ...changes }] };
}

const lost = { stepId: 'stp', fence: '4', effectUnknown: false, lease: 'expired' } as const;

describe('reclaim', () => {
  it.each([
    ['nothing sent: ready at once', run(1), lost, { to: 'ready' }],
    ['an effect may have happened: uncertain', run(1), { ...lost, effectUnknown: true }, { to: 'uncertain' }],
    ['its workers die with it: dead', run(3), lost, { to: 'dead', error: { code: 'attempts_exhausted' } }],
    ['an effect may have happened on the last attempt: one more look', run(3), { ...lost, effectUnknown: true }, { to: 'uncertain' }],
    ['and no more than that', run(4), { ...lost, effectUnknown: true }, { to: 'dead', error: { code: 'outcome_unknown' } }],
    ['given back by a worker that stops: the attempt does not count', run(3), { ...lost, lease: 'held' as const }, { to: 'ready', attempt: 2 }],
  ])('%s', (_, given, abandoned, expected) => {
    expect(reclaim(given, abandoned)?.steps).toMatchObject([{ id: 'stp', from: 'leased', fence: '4', ...expected }]);
  });

  it('leaves alone what another worker has under a newer fence, or what has ended', () => {
    expect(reclaim(run(1, { fence: '5' }), lost)).toBeNull();
    expect(reclaim(run(1, { state: 'succeeded' }), lost)).toBeNull();
  });
});
