import { Cron } from 'croner';

export type CronErrorCode = 'cron_invalid' | 'time_zone_unknown' | 'cron_never_due';

/** A time table that cannot be followed. The message says why, in words for whoever wrote it. */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly code: CronErrorCode;

  constructor(code: CronErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** When something is due by the clocks of a time zone. */
export interface TimeTable {
  /** The first due time after `at`; null when there is none any more. */
  after(at: Date): Date | null;
  /** The last `most` due times after `from` and not after `to`, oldest first. */
  between(from: Date, to: Date, most: number): Date[];
}

/**
 * Reads a cron pattern of five fields (minute, hour, day of month, month, day of week; POSIX crontab with names, lists, ranges and steps).
 *
 * When clocks go forward, what would be due in the hour that is missing is due at its end. When they go back, a pattern that names its hours
 * (`30 2 * * *`) is due once, the first time; one that goes through all hours keeps its distance (`*\/30 * * * *` stays every half hour).
 *
 * @throws CronError
 */
export function readTimeTable(pattern: string, timeZone: string): TimeTable {
  if (!isTimeZone(timeZone)) throw new CronError('time_zone_unknown', `"${timeZone}" is no time zone. Name one of the IANA database, such as Europe/Berlin.`);
  if (!/^\S+( \S+){4}$/.test(pattern.trim().replace(/\s+/g, ' '))) {
    throw new CronError('cron_invalid', `"${pattern}" has not five fields: minute, hour, day of month, month, day of week.`);
  }
  const cron = parsed(pattern, timeZone);
  if (cron.nextRun(new Date(0)) === null) throw new CronError('cron_never_due', `"${pattern}" is never due: no month has that day.`);
  return {
    after: (at) => cron.nextRun(at),
    // It looks at whole seconds, and leaves out the one that it starts from.
    between: (from, to, most) => cron.previousRuns(most, new Date(to.getTime() + 1_000)).filter((at) => at > from && at <= to).toSorted((a, b) => a.getTime() - b.getTime()),
  };
}

function parsed(pattern: string, timeZone: string): Cron {
  try {
    return new Cron(pattern, { timezone: timeZone, paused: true, mode: '5-part', fixedTimeRule: 'no-wildcard' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^\w+: /, '') : String(cause);
    throw new CronError('cron_invalid', `"${pattern}" is no cron pattern: ${why}`, { cause });
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
