import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { isLegalTransition, RUN_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';
import { describe, expect, it } from 'vitest';
import { isRedrivable, mayAct, mayDownloadEvidence } from './run-actions.ts';

type Run = Parameters<typeof mayDownloadEvidence>[0];

const step = (state: components['schemas']['StepState']): Run['steps'][number] => ({
  id: 'stp_1', key: 'update', uses: 'servicenow/incident.update', needs: [], state, attempt: 1, max_attempts: 5, available_at: '2026-11-21T12:00:00.000Z',
  started_at: null, finished_at: null, error: null, approval_id: null, output: null, attempts: [],
});
const run = (parts: Partial<Run>): Run => ({ state: 'running', steps: [], evidence: null, finished_at: null, paused_at: null, ...parts });
const PAUSED = { paused_at: '2026-11-21T12:00:00.000Z' };
const STATES = statesOf(RUN_STATES);

describe('cancel and pause', () => {
  it.each(STATES)('follow the state table in %s', (state) => {
    const legal = isLegalTransition(RUN_STATES, state, 'cancelling');
    expect(mayAct('cancel', run({ state }), { roles: ['operator'] }).allowed).toBe(legal);
    expect(mayAct('pause', run({ state }), { roles: ['operator'] }).allowed).toBe(legal);
    expect(mayAct('pause', run({ state, ...PAUSED }), { roles: ['operator'] }).allowed).toBe(false);
  });
  it('say which role they take, by the table that the server refuses by', () => {
    expect(mayAct('cancel', run({}), { roles: ['viewer'] })).toEqual({ allowed: false, because: 'Cancelling takes the role operator or admin; your role is viewer.' });
    expect(mayAct('pause', run({}), { roles: ['approver'] })).toEqual({ allowed: false, because: 'Pausing takes the role operator or admin; your role is approver.' });
  });
  it('say why the state forbids it before which role it takes', () => {
    expect(mayAct('cancel', run({ state: 'cancelling' }), { roles: ['viewer'] })).toEqual({ allowed: false, because: 'The run is already being cancelled.' });
    expect(mayAct('pause', run({ state: 'succeeded' }), { roles: ['operator'] })).toEqual({ allowed: false, because: 'The run has ended: it is succeeded.' });
  });
});

it('only what is paused is resumed', () => {
  expect(mayAct('resume', run(PAUSED), { roles: ['operator'] })).toEqual({ allowed: true });
  expect(mayAct('resume', run({}), { roles: ['operator'] })).toEqual({ allowed: false, because: 'The run is not paused.' });
});

describe('redrive', () => {
  it('takes a run that failed, or goes on beside it, with a dead or failed step', () => {
    expect(mayAct('redrive', run({ state: 'failed', steps: [step('succeeded'), step('dead')] }), { roles: ['operator'] })).toEqual({ allowed: true });
    expect(mayAct('redrive', run({ state: 'running', steps: [step('failed')] }), { roles: ['operator'] })).toEqual({ allowed: true });
  });
  it.each(['succeeded', 'cancelled', 'cancelling'] as const)('refuses in %s', (state) => {
    expect(mayAct('redrive', run({ state, steps: [step('dead')] }), { roles: ['operator'] })).toEqual({ allowed: false, because: `Nothing of it can be tried again: the run is ${state}.` });
  });
  it('leaves the item of a map as it is that went on without it', () => {
    const items = (map: 'succeeded' | 'failed'): Run['steps'] => [{ ...step(map), key: 'each' }, { ...step('dead'), key: 'each[3].write' }];
    expect(mayAct('redrive', run({ steps: items('succeeded') }), { roles: ['operator'] })).toEqual({ allowed: false, because: 'No step is dead or failed that could be tried again.' });
    expect(mayAct('redrive', run({ state: 'failed', steps: items('failed') }), { roles: ['operator'] }).allowed).toBe(true);
  });
  it('refuses when nothing can be tried again', () => {
    expect(mayAct('redrive', run({ state: 'failed', steps: [step('cancelled')] }), { roles: ['operator'] }).allowed).toBe(false);
    expect(isRedrivable('uncertain')).toBe(false);
  });
});

describe('mayDownloadEvidence', () => {
  it('waits for the end, then for the seal', () => {
    const reason = (permission: ReturnType<typeof mayDownloadEvidence>): string => (permission.allowed ? 'allowed' : permission.because);
    expect(reason(mayDownloadEvidence(run({})))).toContain('when the run has ended');
    expect(reason(mayDownloadEvidence(run({ state: 'succeeded', finished_at: '2026-11-21T12:00:00.000Z' })))).toContain('sealed');
    const evidence = { id: 'evd_1', sha256: 'ab', size_bytes: 1, built_at: '2026-11-21T12:00:00.000Z' };
    expect(reason(mayDownloadEvidence(run({ evidence })))).toBe('allowed');
  });
});
