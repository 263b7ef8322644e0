/**
 * Upper bounds of every latency histogram, in milliseconds: close enough where steps are measured, and up to the hour that a run may
 * wait for a person. Stored histograms (execution.figures) count by these: a bound is added or moved only together with a new column.
 */
export const LATENCY_BOUNDS_MS = [1, 2, 4, 7, 10, 15, 25, 40, 70, 100, 150, 250, 400, 700, 1_000, 1_500, 2_500, 4_000, 7_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000] as const;

/** A histogram counts what fell into each bucket (not what fell into it or a lower one); the last is beyond all bounds. */
export const BUCKET_COUNT = LATENCY_BOUNDS_MS.length + 1;

/** The bucket that `value_ms` falls into. Bounds are inclusive, as Prometheus' `le` is. */
export function bucketOf(value_ms: number): number {
  let low = 0;
  let high = BUCKET_COUNT - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value_ms <= LATENCY_BOUNDS_MS[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The value under which the part `q` of what was counted lies, in milliseconds: interpolated within its bucket, and the highest bound for
 * what is beyond it, as `histogram_quantile` of Prometheus does. Null when nothing was counted.
 */
export function quantile_ms(counts: readonly number[], q: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = q * total;
  let below = 0;
  for (const [bucket, upper] of LATENCY_BOUNDS_MS.entries()) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = bucket === 0 ? 0 : LATENCY_BOUNDS_MS[bucket - 1]!;
      return lower + (upper - lower) * (rank - below) / count;
    }
    below += count;
  }
  return LATENCY_BOUNDS_MS.at(-1)!;
}
