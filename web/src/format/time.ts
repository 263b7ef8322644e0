const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `840 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`: two units at most. */
export function formatDuration(duration_ms: number): string {
  const ms = Math.max(0, Math.round(duration_ms));
  if (ms < SECOND_MS) return `${ms} ms`;
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return twoUnits(Math.floor(ms / MINUTE_MS), 'min', Math.floor((ms % MINUTE_MS) / SECOND_MS), 's');
  if (ms < DAY_MS) return twoUnits(Math.floor(ms / HOUR_MS), 'h', Math.floor((ms % HOUR_MS) / MINUTE_MS), 'min');
  return twoUnits(Math.floor(ms / DAY_MS), 'd', Math.floor((ms % DAY_MS) / HOUR_MS), 'h');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `31 µs`, and from a millisecond on as durations are. */
export function formatMicros(duration_us: number): string {
  return duration_us < 1_000 ? `${duration_us} µs` : formatDuration(duration_us / 1_000);
}

/** `now`, `12 s ago`, `in 4 min`, `3 h ago`, `5 d ago`: one unit, rounded down. */
export function formatRelative(at: string, now_ms: number): string {
  const difference = now_ms - Date.parse(at);
  const ms = Math.abs(difference);
  if (ms < 5 * SECOND_MS) return 'now';
  const text = ms < MINUTE_MS ? `${Math.floor(ms / SECOND_MS)} s`
    : ms < HOUR_MS ? `${Math.floor(ms / MINUTE_MS)} min`
    : ms < DAY_MS ? `${Math.floor(ms / HOUR_MS)} h`
    : `${Math.floor(ms / DAY_MS)} d`;
  return difference >= 0 ? `${text} ago` : `in ${text}`;
}

/** `2026-11-21 03:04:05 UTC`. */
export function formatUtc(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `03:04:05.123`, UTC: for lists whose day is known. */
export function formatClock(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toISOString().slice(11, 23);
}

/** Milliseconds from `from` to `to`, or to `now_ms` while it is not over; null when it has not begun. */
export function elapsedMs(from: string | null, to: string | null, now_ms: number): number | null {
  if (from === null) return null;
  return (to === null ? now_ms : Date.parse(to)) - Date.parse(from);
}

/** What is left until `at`, never below zero. */
export function remainingMs(at: string, now_ms: number): number {
  return Math.max(0, Date.parse(at) - now_ms);
}
