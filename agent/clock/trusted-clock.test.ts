import { describe, expect, it } from 'vitest';
import { TrustedClock } from './trusted-clock.ts';

const AT = Date.parse('2026-11-21T10:00:00.000Z');
const clock = (offMs: number): TrustedClock => new TrustedClock(() => new Date(AT + offMs));

describe('the time', () => {
  it.each([-600_000, 0, 600_000])('is the cell\'s where this machine is %i ms off', (off) => {
    const time = clock(off);
    time.learn(new Date(AT), 40);
    expect(time.now().getTime()).toBe(AT + 20);
    expect(time.isTrusted()).toBe(true);
  });

  it('is not moved by an answer that was long on the way', () => {
    const time = clock(0);
    for (const rtt of [10, 10, 9_000, 10, 10]) time.learn(new Date(AT), rtt);
    expect(time.offset_ms()).toBe(5);
  });

  it('follows a clock that was set, and one that went to sleep', () => {
    const time = clock(0);
    for (let n = 0; n < 5; n += 1) time.learn(new Date(AT), 0);
    for (let n = 0; n < 3; n += 1) time.learn(new Date(AT + 120_000), 0);
    expect(time.offset_ms()).toBe(120_000);
  });

  it('is not believed where the two are a quarter of an hour apart, and nothing is corrected by it', () => {
    const time = clock(0);
    time.learn(new Date(AT + 3_600_000), 0);
    expect(time.isTrusted()).toBe(false);
    expect(time.now().getTime()).toBe(AT);
  });

  it('never goes behind what was signed', () => {
    const time = clock(-600_000);
    time.notBefore(new Date(AT));
    time.notBefore(new Date(AT - 1));
    expect(time.now().getTime()).toBe(AT);
    expect(new TrustedClock(() => new Date(AT - 600_000), time.floor).now().getTime()).toBe(AT);
  });
});
