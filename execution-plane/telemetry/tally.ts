import type { StepState } from '@countersign/contracts/states/transitions.ts';

export interface Histogram {
  readonly counts: number[];
  sum_ms: number;
}

/** What happened in one place since it was last taken. */
export interface Tally {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly environment: string;
  readonly workflow: string;
  runsStarted: number;
  readonly runs: Record<'succeeded' | 'failed' | 'cancelled', number>;
  readonly steps: Partial<Record<StepState, number>>;
  readonly decisions: Record<string, number>;
  readonly queueWait: Histogram;
  readonly stepDuration: Histogram;
  readonly runDuration: Histogram;
}
