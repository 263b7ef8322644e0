import { describe, expect, it } from 'vitest';
import { FIRST_STAGES, isBinding, recoveryOf, stagesOf } from './recovery-stages.ts';

const AT = '2026-11-21T12:00:00.000Z';
const SET = { released_at: null, recovery: null, recovery_stage: null, stage_began_at: null, share: null, recovered_at: null };
const STAGES = [{ share: 0.1, for_ms: 300_000 }, { share: 0.5, for_ms: 600_000 }];

describe('stagesOf', () => {
  it('takes percent and minutes', () => expect(stagesOf(FIRST_STAGES)).toEqual({ stages: STAGES }));
  it.each([
    [[], 'Add a stage'], [[{ percent: '0', minutes: '5' }], 'between 0 and 100'], [[{ percent: '100', minutes: '5' }], 'between 0 and 100'], [[{ percent: 'ten', minutes: '5' }], 'between 0 and 100'],
    [[{ percent: '50', minutes: '5' }, { percent: '50', minutes: '5' }], 'Stage 2: each stage lets more go on'], [[{ percent: '10', minutes: '0' }], 'write minutes'], [[{ percent: '10', minutes: '1441' }], 'write minutes'],
  ])('%j: %s', (drafts, words) => expect(stagesOf(drafts)).toMatchObject({ problem: expect.stringContaining(words) as string }));
});

describe('recoveryOf', () => {
  it('says in which stage a switch is, how much goes on, and when more does', () => {
    const going = { ...SET, released_at: AT, recovery: STAGES, recovery_stage: 1, stage_began_at: AT, share: 0.5 };
    expect(recoveryOf(going)).toEqual({ stage: 2, stages: 2, percent: 50, next_at: '2026-11-21T12:10:00.000Z' });
    expect(isBinding(going)).toBe(true);
  });
  it('is none of what is set, and of what has let go of everything', () => {
    expect(recoveryOf(SET)).toBeNull();
    expect(isBinding(SET)).toBe(true);
    const over = { ...SET, released_at: AT, recovery: STAGES, recovered_at: AT };
    expect(recoveryOf(over)).toBeNull();
    expect(isBinding(over)).toBe(false);
  });
});
