import { readFileSync } from 'node:fs';

/** What a process has taken of the machine up to now (proc(5)). */
export interface ProcessCost {
  readonly at_ms: number;
  readonly cpu_ms: number;
  readonly rss_bytes: number;
}

/** Of `USER_HZ`, which is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

export function costOf(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return { at_ms: performance.now(), cpu_ms: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK, rss_bytes: Number(kilobytes) * 1024 };
}

export function rssOf(pid: number): number {
  return costOf(pid).rss_bytes;
}

/** Share of one core between two looks. */
export function coresBetween(before: ProcessCost, after: ProcessCost): number {
  return (after.cpu_ms - before.cpu_ms) / (after.at_ms - before.at_ms);
}
