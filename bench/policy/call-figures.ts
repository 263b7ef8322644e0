import { median, percentile } from './samples.ts';
import type { Sample } from './samples.ts';

export interface CallFigures {
  readonly per_s: number;
  /** Decisions for each second of CPU time, whichever threads spent it. */
  readonly per_core_s: number;
  readonly cpu_us: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

/** Medians over the rounds. */
export function callFiguresOf(samples: readonly Sample[]): CallFigures {
  const cpu_us = median(samples.map((sample) => sample.cpu_us));
  return {
    per_s: Math.round(1e6 / median(samples.map((sample) => sample.wall_us))),
    per_core_s: Math.round(1e6 / cpu_us),
    cpu_us: hundredths(cpu_us),
    p50_us: hundredths(median(samples.map((sample) => percentile(sample, 0.5)))),
    p99_us: hundredths(median(samples.map((sample) => percentile(sample, 0.99)))),
  };
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
