import { expect, it } from 'vitest';
import { formatInZone, sameClock } from './zones.ts';

it('tells a moment by the clocks of a zone, summer time included', () => {
  expect(formatInZone('2026-11-23T05:00:00.000Z', 'Europe/Berlin')).toMatch(/^Mon 2026-11-23 06:00 (CET|GMT\+1)$/);
  expect(formatInZone('2026-07-01T04:00:00.000Z', 'Europe/Berlin')).toMatch(/^Wed 2026-07-01 06:00 (CEST|GMT\+2)$/);
  expect(formatInZone('2026-11-23T00:00:00.000Z', 'UTC')).toBe('Mon 2026-11-23 00:00 UTC');
});
it('falls back to UTC for a zone that the browser does not know, and gives back what is no time', () => {
  expect(formatInZone('2026-11-23T05:00:00.000Z', 'Mars/Olympus')).toBe('Mon 2026-11-23 05:00 UTC');
  expect(formatInZone('soon', 'UTC')).toBe('soon');
});
it('knows when two zones show the same', () => {
  expect(sameClock('2026-11-23T05:00:00.000Z', 'Europe/Berlin', 'Europe/Paris')).toBe(true);
  expect(sameClock('2026-11-23T05:00:00.000Z', 'Europe/Berlin', 'UTC')).toBe(false);
});
