import type { Database, Statement } from '../postgres/database.ts';

const forget: Statement = {
  name: 'rate_limits.forget_counters',
  text: 'DELETE FROM control.rate_counters WHERE expire < $1',
};

/** Skew between the clocks of processes that count, generously: a counter of one that is behind is not over yet. */
const SKEW_MS = 60_000;

/** Removes counters whose window is over. Gives how many. */
export function forgetCounters(database: Pick<Database, 'forNoTenant'>, now: Date): Promise<number> {
  return database.forNoTenant((tx) => tx.change(forget, [now.getTime() - SKEW_MS]));
}
