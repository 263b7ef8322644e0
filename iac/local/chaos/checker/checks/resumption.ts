import type { AttemptRow, Evidence } from '../evidence.ts';
import type { Finding } from '../verdict.ts';
import { groupBy } from './lost.ts';

/** What must go on in time, and how soon: the lease, a sweep, and a second. */
const IN_TIME_SHARE = 0.99;
const GRACE_MS = 1_000;
const LONGEST_SWEEP_MS = 1_000;

export interface Resumption {
  readonly crashed: number;
  readonly in_time: number;
  readonly longest_ms: number;
  readonly limit_ms: number;
  /** Half of them: from the kill until their lease was taken away, and from then until somebody claimed them. */
  readonly median_taken_away_ms: number;
  readonly median_claimed_ms: number;
}

/** Steps that a killed worker held, and how soon another claim of them began. What PostgreSQL's own crashes delayed does not count. */
export function measureResumption({ strikes, attempts, lease_ms }: Evidence): Resumption {
  const limit_ms = lease_ms + Math.min(LONGEST_SWEEP_MS, lease_ms / 4) + GRACE_MS;
  const leasesOf = groupBy(attempts, (attempt) => attempt.step_id);
  const waits = strikes.filter((strike) => strike.does === 'kill').flatMap((kill) => {
    if (strikes.some((other) => other.does === 'crash_postgres' && other.at_ms < kill.at_ms + limit_ms && other.until_ms > kill.at_ms)) return [];
    return attempts.filter((attempt) => wasHeldBy(attempt, kill.worker, kill.at_ms)).map((attempt) => {
      const next = leasesOf.get(attempt.step_id)?.find((later) => later.fence === attempt.fence + 1);
      const taken_away_ms = (attempt.finished_at_ms ?? Infinity) - kill.at_ms;
      const all_ms = (next?.started_at_ms ?? Infinity) - kill.at_ms;
      return { taken_away_ms, claimed_ms: all_ms - taken_away_ms, all_ms };
    });
  });
  return {
    crashed: waits.length, in_time: waits.filter((wait) => wait.all_ms <= limit_ms).length, longest_ms: Math.round(Math.max(0, ...waits.map((wait) => wait.all_ms))), limit_ms,
    median_taken_away_ms: median(waits.map((wait) => wait.taken_away_ms)), median_claimed_ms: median(waits.map((wait) => wait.claimed_ms)),
  };
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

/** Killed with the step in hand: its lease was taken away afterwards. */
function wasHeldBy(attempt: AttemptRow, worker: string | null, at_ms: number): boolean {
  return attempt.worker === worker && attempt.state === 'expired' && attempt.started_at_ms < at_ms && (attempt.finished_at_ms ?? Infinity) > at_ms;
}

export function findLateResumptions(evidence: Evidence): Finding[] {
  const { crashed, in_time, longest_ms, limit_ms } = measureResumption(evidence);
  if (crashed === 0 || in_time / crashed >= IN_TIME_SHARE) return [];
  return [{ check: 'resumption', what: `Only ${in_time} of ${crashed} crashed steps went on within ${limit_ms} ms; the slowest took ${longest_ms} ms.` }];
}
