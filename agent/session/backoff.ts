const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * How long to wait before it is tried again: longer each time up to a minute, by full jitter, so that agents whose cell comes back do not come all at
 * once. What the cell asks for by `Retry-After` is kept to.
 *
 * @param failures in a row, 1 or more
 * @param random 0 to 1
 */
export function backoff(failures: number, random: number, retry_after_s: number | null = null): number {
  if (retry_after_s !== null) return Math.min(retry_after_s * 1_000, LONGEST_MS * 10);
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
}
