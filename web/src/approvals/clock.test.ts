import { expect, it } from 'vitest';
import { frozenLeftMs } from './clock.ts';

const EXPIRES = { state: 'pending' as const, expires_at: '2026-11-21T13:00:00.000Z' };

it('says what is left while the clock stands', () => expect(frozenLeftMs({ ...EXPIRES, frozen_since: '2026-11-21T12:45:00.000Z' })).toBe(900_000));
it('says nothing while it goes, or when it is decided', () => {
  expect(frozenLeftMs({ ...EXPIRES, frozen_since: null })).toBeNull();
  expect(frozenLeftMs(EXPIRES)).toBeNull();
  expect(frozenLeftMs({ ...EXPIRES, state: 'withdrawn', frozen_since: '2026-11-21T12:45:00.000Z' })).toBeNull();
});
