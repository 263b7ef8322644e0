import { findAuditBreaks } from './checks/audit-chain.ts';
import { findDuplicates } from './checks/duplicates.ts';
import { findWithoutIntent } from './checks/intents.ts';
import { findLost } from './checks/lost.ts';
import { findLateResumptions, measureResumption } from './checks/resumption.ts';
import { findStaleWrites } from './checks/stale-writes.ts';
import { findStuck } from './checks/stuck.ts';
import type { Evidence } from './evidence.ts';
import type { Finding, Verdict } from './verdict.ts';

/** Judges a run of chaos by what was written down of it. No I/O. */
export function check(evidence: Evidence): Verdict {
  const findings = [findLost, findStuck, findDuplicates, findWithoutIntent, findStaleWrites, findAuditBreaks, findLateResumptions].flatMap((find) => find(evidence));
  const found = (name: Finding['check']): number => findings.filter((finding) => finding.check === name).length;
  const resumption = measureResumption(evidence);
  const applied = evidence.effects.filter((effect) => effect.became === 'applied').length;
  return {
    findings,
    counts: {
      accepted: evidence.accepted.length, runs: evidence.runs.length, effects: applied, repeated_by_the_peer: evidence.effects.length - applied, audit_events: evidence.events.length,
      lost: found('lost'), stuck: found('stuck'), duplicated: found('duplicate'), without_intent: found('no_intent'), stale_writes: found('stale_write'), audit_breaks: found('audit'),
      leases_taken_over: evidence.attempts.filter((attempt) => attempt.state === 'expired').length,
      crashed_steps: resumption.crashed, resumed_in_time: resumption.in_time, resumed_in_time_percent: resumption.crashed === 0 ? 100 : Math.floor(resumption.in_time / resumption.crashed * 1_000) / 10,
      slowest_resumption_ms: resumption.longest_ms, resumption_limit_ms: resumption.limit_ms, median_taken_away_ms: resumption.median_taken_away_ms, median_claimed_ms: resumption.median_claimed_ms,
    },
  };
}
