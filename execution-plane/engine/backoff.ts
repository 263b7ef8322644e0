import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';

/** A peer may ask for patience, but not for ever. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long to wait before attempt `attempt + 1`. Exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015): uniformly between nothing and the ceiling, so that steps that failed together do not return together.
 * Never earlier than the peer asked (`Retry-After`).
 *
 * @param random in [0, 1)
 */
export function backoffMs(retry: StepDefinition['retry'], attempt: number, random: number, retryAfterMs?: number): number {
  const asked = Math.min(Math.max(retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS);
  if (retry.backoff === 'fixed') return Math.max(asked, Math.min(retry.initial_ms, retry.max_ms));
  const ceiling = Math.min(retry.max_ms, retry.initial_ms * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
  return Math.max(asked, Math.floor(random * ceiling));
}
