import type { Evidence } from '../evidence.ts';
import type { Finding } from '../verdict.ts';

const ENDED = { run: ['succeeded', 'failed', 'cancelled'], step: ['succeeded', 'failed', 'skipped', 'cancelled', 'dead'], call: ['succeeded', 'failed'], delivery: ['started', 'dropped'] } as const;

/** When everything is over nothing is still under way, in whatever table. */
export function findStuck({ runs, steps, calls, attempts, deliveries, approvals }: Evidence): Finding[] {
  const open = (kind: keyof typeof ENDED, rows: ReadonlyArray<{ readonly id: string; readonly state: string }>): Finding[] =>
    rows.filter((row) => !(ENDED[kind] as readonly string[]).includes(row.state)).map((row) => ({ check: 'stuck', what: `The ${kind} ${row.id} is still ${row.state}.` }));
  return [
    ...open('run', runs), ...open('step', steps), ...open('call', calls), ...open('delivery', deliveries),
    ...attempts.filter((attempt) => attempt.state === 'held' || attempt.finished_at_ms === null).map((attempt): Finding => ({ check: 'stuck', what: `The lease of ${attempt.step_id} under fence ${attempt.fence} was never ended.` })),
    ...approvals.filter((approval) => approval.state === 'pending' || approval.state === 'approved').map((approval): Finding => ({ check: 'stuck', what: `The approval ${approval.id} is still ${approval.state}.` })),
  ];
}
