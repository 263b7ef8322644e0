import { expect, test } from 'vitest';
import { localTime } from './local-time.ts';

test('shows what the clocks of the zone show, on either side of a change of summer time', () => {
  expect(localTime(new Date('2026-03-29T00:59:00Z'), 'Europe/Berlin')).toEqual({ zone: 'Europe/Berlin', date: '2026-03-29', weekday: 'sunday', hour: 1, minute: 59 });
  expect(localTime(new Date('2026-03-29T01:00:00Z'), 'Europe/Berlin')).toMatchObject({ hour: 3, minute: 0 });
  expect(localTime(new Date('2026-10-25T00:30:00Z'), 'Europe/Berlin')).toMatchObject({ date: '2026-10-25', hour: 2, minute: 30 });
  expect(localTime(new Date('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toMatchObject({ date: '2026-10-25', hour: 2, minute: 30 });
});

test('midnight is hour 0 of the new day, which may be another one than in UTC', () => {
  expect(localTime(new Date('2026-11-20T15:00:00Z'), 'Asia/Tokyo')).toMatchObject({ date: '2026-11-21', weekday: 'saturday', hour: 0, minute: 0 });
  expect(localTime(new Date('2026-11-21T04:00:00Z'), 'America/Los_Angeles')).toMatchObject({ date: '2026-11-20', weekday: 'friday', hour: 20 });
});

test('a zone that is none is refused', () => {
  expect(() => localTime(new Date(), 'Europe/Nowhere')).toThrow(RangeError);
});
