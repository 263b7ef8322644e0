/** The time zone of who looks, as the browser knows it. */
export function readersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `Mon 2026-11-23 06:00 GMT+1`: a moment by the clocks of `zone`; in UTC where the browser does not know the zone. */
export function formatInZone(at: string, zone: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const parts = new Map(formatterOf(zone).formatToParts(time).map(({ type, value }) => [type, value]));
  const part = (type: string): string => parts.get(type as Intl.DateTimeFormatPartTypes) ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} ${part('timeZoneName')}`;
}

/** Whether the clocks of two zones show the same at that moment. */
export function sameClock(at: string, one: string, other: string): boolean {
  return formatInZone(at, one).replace(/ \S+$/, '') === formatInZone(at, other).replace(/ \S+$/, '');
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const wanted: Intl.DateTimeFormatOptions = { timeZone, weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' };
  try {
    return new Intl.DateTimeFormat('en-GB', wanted);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Intl.DateTimeFormat('en-GB', { ...wanted, timeZone: 'UTC' });
  }
}
