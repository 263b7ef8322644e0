import { expect, it } from 'vitest';
import { durationInWords, durationMs, momentOf } from './durations.ts';

it.each([['90s', 90_000], ['30m', 1_800_000], ['2h', 7_200_000], ['7d', 604_800_000]])('%s is %d ms', (text, ms) => expect(durationMs(text)).toBe(ms));
it.each(['', '5', '5 m', '-5m', '1w', '1h30m'])('%j is refused with what to write', (text) => expect(() => durationMs(text)).toThrow(/is no duration: write a number and a unit/));
it('a moment is a time, or counted back from now', () => {
  expect(momentOf('2026-11-21T12:00:00Z')).toBe('2026-11-21T12:00:00.000Z');
  expect(momentOf('2h', Date.UTC(2026, 10, 21, 12))).toBe('2026-11-21T10:00:00.000Z');
  expect(() => momentOf('yesterday')).toThrow(/is no duration/);
});
it.each([[840, '840 ms'], [4_260, '4.2 s'], [185_000, '3 min 5 s'], [7_800_000, '2 h 10 min'], [273_600_000, '3 d 4 h']])('%d ms are %s', (ms, words) => expect(durationInWords(ms)).toBe(words));
