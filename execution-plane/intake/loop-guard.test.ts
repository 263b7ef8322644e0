import { describe, expect, it } from 'vitest';
import { readLimits } from './loop-guard.ts';

describe('the limits of an instance', () => {
  it('are three starts a minute and ten minutes of silence, unless it says otherwise', () => {
    expect(readLimits(undefined)).toEqual({ starts: 3, pauseMs: 600_000 });
    expect(readLimits({ starts_per_minute: 8, pause_minutes: 2 })).toEqual({ starts: 8, pauseMs: 120_000 });
    expect(readLimits({ pause_minutes: 60 })).toEqual({ starts: 3, pauseMs: 3_600_000 });
  });

  it.each([[0], [-1], [1.5], [1_001], ['8'], [null], [{}]])('never become %j starts', (value) => {
    expect(readLimits({ starts_per_minute: value as never }).starts).toBe(3);
  });
});
