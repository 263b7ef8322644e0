import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { ReplayReport } from '../repository-replays.ts';
import type { Counts } from './counts.ts';
import type { ClaimedReplay } from './repository-progress.ts';
import { askedByTier, changedGroups, changedRuns, decisionTimes } from './repository-report.ts';
import type { AskedRow, DecisionTimeRow, GroupRow, RunsRow } from './repository-report.ts';

type Figures = ReplayReport['figures'];

const MINUTE_MS = 60_000;

/** What a replay has found, from its counts and from the changes that it kept. */
export async function writeReport(tx: Transaction, tenantId: string, replay: ClaimedReplay, counts: Counts, took_ms: number): Promise<ReplayReport> {
  const of = [tenantId, replay.id];
  const runs = await tx.one<RunsRow>(changedRuns, [...of, replay.decided_from, replay.decided_to]);
  const asked = await tx.rows<AskedRow>(askedByTier, of);
  const times = await tx.rows<DecisionTimeRow>(decisionTimes, [tenantId]);
  const groups = await tx.rows<GroupRow>(changedGroups, of);
  const { replayed, changed, changed_obligations, newly_denied, no_longer_denied, ...not_replayed } = counts;
  const figures = { replayed, unchanged: replayed - changed - changed_obligations, changed, changed_obligations, newly_denied, ...runs, no_longer_denied, ...people(asked, times) };
  return { figures, not_replayed, groups, decision_times: times, took_ms };
}

type People = Pick<Figures, 'extra_approvals' | 'extra_votes' | 'extra_person_minutes' | 'approvals_no_longer_needed' | 'votes_no_longer_needed' | 'person_minutes_no_longer_needed'>;

/** Person-minutes are votes by the median time of their tier; of a tier that nobody has decided in yet, by that over all tiers. */
export function people(asked: readonly AskedRow[], times: readonly DecisionTimeRow[]): People {
  const sum = (name: 'extra_approvals' | 'extra_votes' | 'approvals_less' | 'votes_less'): number => asked.reduce((total, row) => total + row[name], 0);
  return {
    extra_approvals: sum('extra_approvals'), extra_votes: sum('extra_votes'), extra_person_minutes: minutes(asked, times, 'extra_votes'),
    approvals_no_longer_needed: sum('approvals_less'), votes_no_longer_needed: sum('votes_less'), person_minutes_no_longer_needed: minutes(asked, times, 'votes_less'),
  };
}

/** null where votes are to be counted and no time was ever measured. */
function minutes(asked: readonly AskedRow[], times: readonly DecisionTimeRow[], name: 'extra_votes' | 'votes_less'): number | null {
  const overall = times.find(({ tier }) => tier === null)?.median_ms;
  let total_ms = 0;
  for (const row of asked.filter((one) => one[name] > 0)) {
    const median_ms = times.find(({ tier }) => tier !== null && tier === row.tier)?.median_ms ?? overall;
    if (median_ms === undefined) return null;
    total_ms += row[name] * median_ms;
  }
  return Math.round((total_ms / MINUTE_MS) * 100) / 100;
}
