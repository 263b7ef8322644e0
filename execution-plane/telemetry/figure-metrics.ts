import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import type { Tally } from './tally.ts';

export interface FigureMetrics {
  add(tally: Tally): void;
}

/** The counts of `figures.ts` as Prometheus has them. Tenants are no label: how many there are is nobody's choice; the board has them apart. */
export function figureMetrics(metrics: Metrics): FigureMetrics {
  const where = ['environment', 'workflow'];
  const runsStarted = metrics.counter({ name: 'countersign_runs_started_total', help: 'Runs whose first step was claimed.', labels: where });
  const runs = metrics.counter({ name: 'countersign_runs_ended_total', help: 'Runs that ended, by state.', labels: [...where, 'state'] });
  const claims = metrics.counter({ name: 'countersign_step_claims_total', help: 'Steps that this worker claimed, with those that it went on with by itself.', labels: where });
  const turns = metrics.counter({ name: 'countersign_step_turns_total', help: 'Turns with a step that ended, by the state that the step was left in: retrying is a retry, dead a dead letter.', labels: [...where, 'state'] });
  const decisions = metrics.counter({ name: 'countersign_policy_decisions_total', help: 'Decisions of policy, by outcome.', labels: [...where, 'outcome'] });
  const queueWait = metrics.latency({ name: 'countersign_step_queue_wait_seconds', help: 'From when a step could be claimed until it was.', labels: where });
  const stepDuration = metrics.latency({ name: 'countersign_step_turn_duration_seconds', help: 'From the claim of a step until the end of the turn was committed.', labels: where });
  const runDuration = metrics.latency({ name: 'countersign_run_duration_seconds', help: 'From when a run was made until it ended, waiting for people included.', labels: where });
  return {
    add(tally) {
      const at = [tally.environment, tally.workflow];
      runsStarted.add(tally.runsStarted, ...at);
      for (const [state, count] of Object.entries(tally.runs)) runs.add(count, ...at, state);
      for (const [state, count] of Object.entries(tally.steps)) {
        if (state === 'leased') claims.add(count, ...at);
        else turns.add(count, ...at, state);
      }
      for (const [outcome, count] of Object.entries(tally.decisions)) decisions.add(count, ...at, outcome);
      queueWait.add(tally.queueWait.counts, tally.queueWait.sum_ms, ...at);
      stepDuration.add(tally.stepDuration.counts, tally.stepDuration.sum_ms, ...at);
      runDuration.add(tally.runDuration.counts, tally.runDuration.sum_ms, ...at);
    },
  };
}
