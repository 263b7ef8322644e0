import { MAX_CAUGHT_UP } from '@countersign/contracts/workflow/definition.ts';
import type { CatchUp } from '@countersign/contracts/workflow/definition.ts';
import type { TimeTable } from '@countersign/platform/clock/cron.ts';

/** So late is still in time: a worker that restarts misses nothing. */
export const IN_TIME_MS = 60_000;

export interface Due {
  /** Oldest first. */
  readonly times: readonly Date[];
  /** How many were left out; counted up to `MAX_CAUGHT_UP`. */
  readonly skipped: number;
}

/** What of that which was due after `from` and until `now` is started: what is in time always is, what is late is a matter of the policy. */
export function decideDue(table: TimeTable, from: Date, now: Date, catchUp: CatchUp): Due {
  const all = table.between(from, now, MAX_CAUGHT_UP + 1);
  const late = new Date(now.getTime() - IN_TIME_MS);
  const times = catchUp === 'all' ? all.slice(-MAX_CAUGHT_UP) : all.filter((at, i) => at > late || (catchUp === 'latest' && i === all.length - 1));
  return { times, skipped: all.length - times.length };
}
