import type { Board } from '../api-client.ts';
import { durationInWords } from '../durations.ts';
import { printTable } from '../output.ts';

/** In sum over the time, by workflow and for all. */
export function showBoard({ from, to, workflows, workflows_left_out, totals }: Board): void {
  process.stdout.write(`${from} to ${to}\n\n`);
  printTable(['WORKFLOW', 'ENVIRONMENT', 'RUNS ENDED', 'FAILED', 'STEPS', 'RETRIES', 'DEAD', 'WAIT P50', 'WAIT P95', 'STEP P50', 'STEP P95', 'STEP P99', 'RUN P50'], [
    ...workflows.map((one) => [one.workflow_name, one.environment, ...figures(one)]), ['all', '', ...figures(totals)],
  ]);
  if (workflows_left_out > 0) process.stdout.write(`\n${workflows_left_out} less busy ones are only in the sum.\n`);
}

function figures(of: Board['totals']): string[] {
  const counts = [of.runs_succeeded + of.runs_failed + of.runs_cancelled, of.runs_failed, of.steps_claimed, of.steps_retried, of.steps_dead];
  const times = [of.queue_wait.p50_ms, of.queue_wait.p95_ms, of.step_duration.p50_ms, of.step_duration.p95_ms, of.step_duration.p99_ms, of.run_duration.p50_ms];
  return [...counts.map(String), ...times.map((ms) => (ms === null ? '' : durationInWords(ms)))];
}
