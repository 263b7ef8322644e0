import { performance } from 'node:perf_hooks';

/** What a contender's steps do. */
export type StepKind = 'read' | 'write' | 'http';

/** Where a contender works: one database of its own on the one server. */
export interface Place {
  /** Superuser, its own database: the peers make their tables there. */
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly executionUrl: string;
  readonly localServerUrl: string;
}

/** Somebody who runs workflows of five steps, in a process of its own. */
export interface Contender {
  /** Keeps `inFlight` runs under way for `durationMs`. Gives for each run that ended in this time how long it took its caller, from asking to knowing. */
  measure(inFlight: number, durationMs: number): Promise<number[]>;
  stop(): Promise<void>;
}

export interface Measured {
  readonly runs: number;
  readonly runs_per_s: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Of the contender's process, all its threads. */
  readonly cpu_us_per_step: number;
}

export const STEPS = 5;

export async function measured(contender: Contender, inFlight: number, durationMs: number): Promise<Measured> {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const latencies = (await contender.measure(inFlight, durationMs)).toSorted((a, b) => a - b);
  const { user, system } = process.cpuUsage(cpu);
  const at = (share: number): number => hundredths(latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? Number.NaN);
  return {
    runs: latencies.length, runs_per_s: hundredths(latencies.length / (performance.now() - begun) * 1_000),
    p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99), cpu_us_per_step: Math.round((user + system) / latencies.length / STEPS),
  };
}

/** For contenders whose caller waits for each run. */
export async function keepInFlight(run: () => Promise<void>, inFlight: number, durationMs: number): Promise<number[]> {
  const until = performance.now() + durationMs;
  const latencies: number[] = [];
  const lane = async (): Promise<void> => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      await run();
      latencies.push(performance.now() - now);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return latencies;
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
