import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { isLegalTransition, RUN_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';
import { describe, expect, it } from 'vitest';
import { isRedrivable, mayCancel, mayDownloadEvidence, mayRedrive } from './run-actions.ts';

type Run = Parameters<typeof mayRedrive>[0];

const step = (state: components['schemas']['StepState']): Run['steps'][number] => ({
  id: 'stp_1', key: 'update', uses: 'servicenow/incident.update', needs: [], state, attempt: 1, max_attempts: 5, available_at: '2026-11-21T12:00:00.000Z',
  started_at: null, finished_at: null, error: null, approval_id: null, output: null, attempts: [],
});
const run = (parts: Partial<Run>): Run => ({ state: 'running', steps: [], evidence: null, finished_at: null, ...parts });

describe('mayCancel', () => {
  it.each(statesOf(RUN_STATES))('follows the state table in %s', (state) => {
    expect(mayCancel(run({ state }), ['operator']).allowed).toBe(isLegalTransition(RUN_STATES, state, 'cancelling'));
  });
  it('says why a viewer may not', () => {
    expect(mayCancel(run({}), ['viewer'])).toEqual({ allowed: false, because: 'Your role (viewer) can look but not act. Ask an admin of the workspace.' });
    expect(mayCancel(run({}), ['viewer', 'approver']).allowed).toBe(true);
  });
});

describe('mayRedrive', () => {
  it('takes a failed run with a dead or failed step', () => {
    expect(mayRedrive(run({ state: 'failed', steps: [step('succeeded'), step('dead')] }), ['operator'])).toEqual({ allowed: true });
    expect(mayRedrive(run({ state: 'failed', steps: [step('failed')] }), ['operator'])).toEqual({ allowed: true });
  });
  it.each(statesOf(RUN_STATES).filter((state) => state !== 'failed'))('refuses in %s', (state) => {
    expect(mayRedrive(run({ state, steps: [step('dead')] }), ['operator']).allowed).toBe(false);
  });
  it('refuses when nothing can be tried again', () => {
    expect(mayRedrive(run({ state: 'failed', steps: [step('cancelled')] }), ['operator']).allowed).toBe(false);
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
