import { describe, expect, it } from 'vitest';
import { countOf, nounOf } from './count.ts';
import { digestPrefix, shortenId } from './ids.ts';
import { formatBytes, formatQuantity, formatUsd, shareOfUsd, sumUsd } from './money.ts';
import { elapsedMs, formatClock, formatDuration, formatMicros, formatRelative, formatUtc, remainingMs } from './time.ts';

const NOON_MS = Date.parse('2026-11-21T12:00:00.000Z');

describe('formatDuration', () => {
  it.each([
    [-5, '0 ms'], [0, '0 ms'], [999, '999 ms'], [1_000, '1.0 s'], [9_999, '9.9 s'], [59_999, '59 s'], [60_000, '1 min'], [185_000, '3 min 5 s'],
    [3_600_000, '1 h'], [7_800_000, '2 h 10 min'], [273_600_000, '3 d 4 h'],
  ])('%d ms is %s', (duration_ms, text) => expect(formatDuration(duration_ms)).toBe(text));
});

it.each([[31, '31 µs'], [1_500, '2 ms'], [2_000_000, '2.0 s']])('%d µs is %s', (duration_us, text) => expect(formatMicros(duration_us)).toBe(text));

describe('formatRelative', () => {
  it.each([
    ['2026-11-21T11:59:58Z', 'now'], ['2026-11-21T11:59:48Z', '12 s ago'], ['2026-11-21T12:04:30Z', 'in 4 min'],
    ['2026-11-21T09:00:00Z', '3 h ago'], ['2026-11-16T11:00:00Z', '5 d ago'],
  ])('%s is %s', (at, text) => expect(formatRelative(at, NOON_MS)).toBe(text));
});

describe('absolute times', () => {
  it('are written in UTC', () => {
    expect(formatUtc('2026-11-21T14:00:00.500+02:00')).toBe('2026-11-21 12:00:00 UTC');
    expect(formatClock('2026-11-21T12:00:00.500Z')).toBe('12:00:00.500');
  });
  it('show what is no time as it is', () => {
    expect(formatUtc('soon')).toBe('soon');
    expect(formatClock('soon')).toBe('soon');
  });
});

describe('elapsed and remaining', () => {
  it('count until now while a thing runs, and not before it began', () => {
    expect(elapsedMs(null, null, NOON_MS)).toBeNull();
    expect(elapsedMs('2026-11-21T11:59:00Z', null, NOON_MS)).toBe(60_000);
    expect(elapsedMs('2026-11-21T11:59:00Z', '2026-11-21T11:59:01Z', NOON_MS)).toBe(1_000);
  });
  it('never fall below zero', () => expect(remainingMs('2026-11-21T11:00:00Z', NOON_MS)).toBe(0));
});

describe('counts', () => {
  it.each([[0, '0 people'], [1, '1 person'], [2, '2 people'], [1_200, '1,200 people']])('%d is %s', (count, text) => expect(countOf(count, 'person', 'people')).toBe(text));
  it('have a plural by an s where no other is named', () => expect([countOf(1, 'event'), countOf(21, 'event'), nounOf(1, 'session ends', 'sessions end')]).toEqual(['1 event', '21 events', 'session ends']));
});

describe('formatUsd', () => {
  it.each([
    ['0.000000000', '$0.00'], ['0', '$0.00'], ['1.5', '$1.50'], ['12.345678901', '$12.34'], ['1234567.000000000', '$1,234,567.00'],
    ['0.004200000', '$0.0042'], ['0.000000123', '$0.000000123'], ['0.100000000', '$0.10'], ['-2.000000000', '-$2.00'], ['no number', 'no number'],
  ])('%s is %s', (amount, text) => expect(formatUsd(amount)).toBe(text));
});

describe('sumUsd', () => {
  it('adds without floating point', () => {
    expect(sumUsd(['0.100000000', '0.200000000'])).toBe('0.300000000');
    expect(sumUsd(['-1.000000001', '0.000000001'])).toBe('-1.000000000');
    expect(sumUsd([])).toBe('0.000000000');
  });
});

describe('quantities', () => {
  it('are grouped', () => expect(formatQuantity('1234567.25')).toBe('1,234,567.25'));
  it('in bytes have a unit', () => expect([formatBytes(999), formatBytes(12_345), formatBytes(3_400_000)]).toEqual(['999 B', '12.3 kB', '3.4 MB']));
});

describe('ids', () => {
  it('are shortened in the middle', () => expect(shortenId('run_01k3abcdefghjkmnpqrstvx7q2')).toBe('run_01k3…x7q2'));
  it('stay whole when short', () => expect(shortenId('INC0010042')).toBe('INC0010042'));
  it('of digests keep the algorithm', () => {
    expect(shortenId(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:abab…abab');
    expect(digestPrefix(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:abababababab');
  });
});

it.each([['25', '100', 25], ['0.125000000', '0.250000000', 50], ['30', '10', 100], ['0', '10', 0], ['1', '0', 100], ['0.000000001', '50', 0], ['999999999.999999999', '1000000000', 99]])('%s of %s is %i percent', (part, whole, percent) => {
  expect(shareOfUsd(part, whole)).toBe(percent);
});
