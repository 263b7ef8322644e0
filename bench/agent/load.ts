import { setTimeout } from 'node:timers/promises';
import type { BenchCell } from './cell.ts';
import { AgentBenchError } from './errors.ts';
import type { BenchPlace } from './place.ts';
import { coresBetween, costOf, rssOf } from './process-cost.ts';
import type { SandboxLog } from './sandbox-log.ts';

export interface LoadFigures {
  /** As the sandbox counted them. */
  readonly calls_per_s: number;
  readonly agent_cores: number;
  readonly agent_rss_mb: number;
}

const END_WITHIN_MS = 120_000;

/** The agent with nothing to do: what it is at the end of that time, and the CPU that it took. */
export async function measureIdle({ agent_pid: pid }: BenchPlace, forMs: number): Promise<LoadFigures> {
  const before = costOf(pid);
  await setTimeout(forMs);
  const after = costOf(pid);
  return { calls_per_s: 0, agent_cores: rounded(coresBetween(before, after)), agent_rss_mb: megabytes(after.rss_bytes) };
}

/** Runs that begin evenly, so that so many calls per second are asked for. Memory is the most that was seen. */
export async function measureLoad(cell: BenchCell, log: SandboxLog, place: BenchPlace, { callsPerSecond, stepsPerRun, forMs, tickets }: { readonly callsPerSecond: number; readonly stepsPerRun: number; readonly forMs: number; readonly tickets: readonly string[] }): Promise<LoadFigures> {
  const everyMs = 1000 * stepsPerRun / callsPerSecond;
  const starting: Array<Promise<void>> = [];
  await log.take();
  const before = costOf(place.agent_pid);
  let most = before.rss_bytes;
  for (let next = before.at_ms; next < before.at_ms + forMs; next += everyMs) {
    await setTimeout(Math.max(0, next - performance.now()));
    const start = cell.start(place.there, tickets[starting.length % tickets.length]!);
    // Said when all have begun.
    start.catch(() => undefined);
    starting.push(start);
    most = Math.max(most, rssOf(place.agent_pid));
  }
  await Promise.all(starting);
  const after = costOf(place.agent_pid);
  const calls = await log.take();
  await allEnded(cell, place);
  return { calls_per_s: rounded(calls * 1000 / (after.at_ms - before.at_ms)), agent_cores: rounded(coresBetween(before, after)), agent_rss_mb: megabytes(Math.max(most, after.rss_bytes)) };
}

async function allEnded(cell: BenchCell, { there }: BenchPlace): Promise<void> {
  const deadline = Date.now() + END_WITHIN_MS;
  while (await cell.underWay(there) > 0) {
    if (Date.now() > deadline) throw new AgentBenchError('run_too_slow', `Runs were still under way ${END_WITHIN_MS} ms after the last one began.`);
    await setTimeout(250);
  }
}

function megabytes(bytes: number): number {
  return rounded(bytes / 1_000_000);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
