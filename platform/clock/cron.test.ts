import { expect, test } from 'vitest';
import { CronError, readTimeTable } from './cron.ts';

function nextOf(pattern: string, zone: string, from: string, count: number): string[] {
  const table = readTimeTable(pattern, zone);
  const times: string[] = [];
  for (let at = table.after(new Date(from)); at !== null && times.length < count; at = table.after(at)) times.push(at.toISOString().slice(0, 16));
  return times;
}

function refusal(pattern: string, zone = 'UTC'): string {
  try {
    readTimeTable(pattern, zone);
  } catch (error) {
    if (error instanceof CronError) return error.code;
  }
  return 'accepted';
}

test('is due by the clocks of its zone, in winter and in summer', () => {
  expect(nextOf('0 6 * * 1-5', 'Europe/Berlin', '2026-03-27T12:00:00Z', 2)).toEqual(['2026-03-30T04:00', '2026-03-31T04:00']);
  expect(nextOf('0 6 * * 1-5', 'America/New_York', '2026-11-20T12:00:00Z', 2)).toEqual(['2026-11-23T11:00', '2026-11-24T11:00']);
});

test('a time that the clocks leave out is due when they go on', () => {
  expect(nextOf('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
});

test('a time that the clocks show twice is due once', () => {
  expect(nextOf('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
  expect(nextOf('30 2,3 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual(['2026-10-25T00:30', '2026-10-25T02:30', '2026-10-26T01:30']);
});

test('what goes through all hours keeps its distance on either day', () => {
  expect(nextOf('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15:00Z', 4)).toEqual(['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30', '2026-03-29T02:00']);
  expect(nextOf('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:15:00Z', 4)).toEqual(['2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00']);
});

test('what was due in a stretch of time is its last times, the end among them and the beginning not', () => {
  const table = readTimeTable('0 * * * *', 'UTC');
  const between = (from: string, to: string, most: number): string[] => table.between(new Date(from), new Date(to), most).map((at) => at.toISOString().slice(11, 16));
  expect(between('2026-05-01T08:00:00Z', '2026-05-01T12:00:00Z', 10)).toEqual(['09:00', '10:00', '11:00', '12:00']);
  expect(between('2026-05-01T08:00:00Z', '2026-05-01T12:00:00Z', 2)).toEqual(['11:00', '12:00']);
  expect(between('2026-05-01T12:00:00Z', '2026-05-01T12:59:59.999Z', 2)).toEqual([]);
});

test('what cannot be followed is refused by a code', () => {
  expect(refusal('* * * * *')).toBe('accepted');
  expect(refusal('* * * * * *')).toBe('cron_invalid');
  expect(refusal('61 * * * *')).toBe('cron_invalid');
  expect(refusal('@daily')).toBe('cron_invalid');
  expect(refusal('0 0 30 2 *')).toBe('cron_never_due');
  expect(refusal('0 6 * * *', 'Europe/Nowhere')).toBe('time_zone_unknown');
});
