import type { RunTimeline } from '../api-client.ts';
import { durationInWords } from '../durations.ts';
import { printTable } from '../output.ts';

/** Where each open step stands, then all that happened, oldest first. */
export function showTimeline({ run_id, state, at, paused, steps, steps_left_out, entries }: RunTimeline): void {
  process.stdout.write(`${run_id}  ${state}${paused === null ? '' : `, paused ${paused.at}: ${paused.reason ?? ''}`}\n\n`);
  const open = steps.filter(({ lease, waiting_for }) => lease !== null || waiting_for !== null);
  if (open.length > 0) {
    printTable(['OPEN STEP', 'STATE', 'ATTEMPT', 'HELD BY', 'LEASE UNTIL', 'NEXT ATTEMPT', 'WAITS FOR'], open.map((step) => [
      step.key, step.state, `${step.attempt} of ${step.max_attempts}`, step.lease === null ? '' : `${step.lease.worker} (fence ${step.lease.fence})`,
      step.lease === null ? '' : step.lease.expired ? 'expired' : fromNow(step.lease.expires_at, at), step.next_attempt_at === null ? '' : fromNow(step.next_attempt_at, at),
      step.waiting_for === null ? '' : `${step.waiting_for.message}${step.waiting_for.until === null ? '' : ` (${fromNow(step.waiting_for.until, at)})`}`,
    ]));
    process.stdout.write('\n');
  }
  printTable(['WHEN', 'TOOK', 'STEP', 'WHAT', 'RESULT', 'BY'], entries.map((entry) => [
    entry.at, entry.ended_at === null ? '' : durationInWords(Date.parse(entry.ended_at) - Date.parse(entry.at)), entry.step_key ?? '',
    `${entry.kind}${entry.attempt === null ? '' : ` ${entry.attempt}`}${entry.action === null ? '' : ` ${entry.action}`}`,
    `${entry.result ?? 'under way'}${entry.error === null ? '' : ` (${entry.error.code})`}`, entry.by ?? entry.worker ?? '',
  ]));
  if (steps_left_out > 0) process.stdout.write(`\n${steps_left_out} more steps are not shown.\n`);
}

/** `in 4.2 s`, by the server's clock. */
function fromNow(moment: string, at: string): string {
  const left_ms = Date.parse(moment) - Date.parse(at);
  return left_ms <= 0 ? 'now' : `in ${durationInWords(left_ms)}`;
}
