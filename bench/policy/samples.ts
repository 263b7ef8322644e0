/** One run of many calls. */
export interface Sample {
  readonly wall_us: number;
  readonly cpu_us: number;
  /** Sorted. */
  readonly latencies_us: Float64Array;
}

/** Calls that answer at once, one after the other. */
export function sampleCalls(count: number, call: (n: number) => unknown): Sample {
  const latencies = new Float64Array(count);
  const began = process.cpuUsage();
  const start = performance.now();
  for (let n = 0; n < count; n += 1) {
    const asked = performance.now();
    call(n);
    latencies[n] = (performance.now() - asked) * 1_000;
  }
  return sampleOf(count, performance.now() - start, process.cpuUsage(began), latencies);
}

/** Calls that are waited for, `in_flight` at any time. */
export async function sampleConcurrent(count: number, in_flight: number, call: (n: number) => Promise<unknown>): Promise<Sample> {
  const latencies = new Float64Array(count);
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const asked = performance.now();
      await call(n);
      latencies[n] = (performance.now() - asked) * 1_000;
    }
  };
  const began = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: in_flight }, caller));
  return sampleOf(count, performance.now() - start, process.cpuUsage(began), latencies);
}

/** Of all threads: `process.cpuUsage` counts the process. */
function sampleOf(count: number, wall_ms: number, { user, system }: NodeJS.CpuUsage, latencies_us: Float64Array): Sample {
  return { wall_us: (wall_ms * 1_000) / count, cpu_us: (user + system) / count, latencies_us: latencies_us.sort() };
}

export function percentile({ latencies_us }: Sample, share: number): number {
  return latencies_us[Math.min(latencies_us.length - 1, Math.floor(latencies_us.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
