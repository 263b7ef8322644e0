import type { LocalTime } from '@countersign/contracts/policy/decision.ts';

const WEEKDAYS: readonly LocalTime['weekday'][] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** What the clocks show in a time zone. @throws RangeError where `zone` is no IANA time zone */
export function localTime(at: Date, zone: string): LocalTime {
  const minute = Math.floor(at.getTime() / 60_000);
  const last = lastShown.get(zone);
  if (last?.minute === minute) return last.shown;
  const shown = readClock(at, zone);
  lastShown.set(zone, { minute, shown });
  return shown;
}

/** Clocks show minutes, and calls come thousands to one: by zone, what they showed last. Zones are apart by whole minutes. */
const lastShown = new Map<string, { readonly minute: number; readonly shown: LocalTime }>();

function readClock(at: Date, zone: string): LocalTime {
  const parts = formatOf(zone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((one) => one.type === type)?.value ?? '';
  const weekday = part('weekday').toLowerCase();
  return {
    zone,
    date: `${part('year')}-${part('month')}-${part('day')}`,
    weekday: WEEKDAYS.find((one) => one === weekday) ?? 'monday',
    hour: Number(part('hour')),
    minute: Number(part('minute')),
  };
}

/** Making one takes far longer than using it, and a tenant has one zone. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'long', hour: '2-digit', minute: '2-digit' });
  formats.set(zone, format);
  return format;
}
