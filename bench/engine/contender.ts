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
  /** Keeps `inFlight` runs under way for `durationMs`. */
  measure(inFlight: number, durationMs: number): Promise<Times>;
  stop(): Promise<void>;
}

/** Of the runs that ended in a measurement, in milliseconds. */
export interface Times {
  /** How long each took its caller, from asking to knowing. */
  readonly whole: readonly number[];
  /** By the clock of the database, from the commit of the event to the lease of the first step. Where the contender can tell. */
  readonly toStart?: readonly number[];
}

export interface Measured {
  readonly runs: number;
  readonly runs_per_s: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly to_start_p50_ms?: number;
  readonly to_start_p99_ms?: number;
  /** Of the contender's process, all its threads. */
  readonly cpu_us_per_step: number;
}

export const STEPS = 5;

export async function measured(contender: Contender, inFlight: number, durationMs: number): Promise<Measured> {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const { whole, toStart } = await contender.measure(inFlight, durationMs);
  const { user, system } = process.cpuUsage(cpu);
  return {
    runs: whole.length, runs_per_s: hundredths(whole.length / (performance.now() - begun) * 1_000),
    p50_ms: at(whole, 0.5), p95_ms: at(whole, 0.95), p99_ms: at(whole, 0.99), cpu_us_per_step: Math.round((user + system) / whole.length / STEPS),
    ...(toStart === undefined ? {} : { to_start_p50_ms: at(toStart, 0.5), to_start_p99_ms: at(toStart, 0.99) }),
  };
}

function at(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return hundredths(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
}

/** For contenders whose caller waits for each run. */
export async function keepInFlight(run: () => Promise<void>, inFlight: number, durationMs: number): Promise<Times> {
  const until = performance.now() + durationMs;
  const latencies: number[] = [];
  const lane = async (): Promise<void> => {
    for (let now = performance.now(); now < until; now = performance.now()) {
      await run();
      latencies.push(performance.now() - now);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { whole: latencies };
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
