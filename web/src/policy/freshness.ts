/** How long a bundle may still decide: `stale` denies; `ageing` was not confirmed for most of its time, so something keeps the refresh from coming. */
export interface Freshness {
  state: 'fresh' | 'ageing' | 'stale';
  age_ms: number;
  left_ms: number;
  /** What is left of its time: 1 when it was just signed, 0 when it denies. */
  share: number;
}

/** Below this share of its time, the next refresh is overdue: bundles are renewed long before. */
const AGEING_BELOW = 1 / 3;

export function freshnessOf(signed_at: string, expires_at: string, now_ms: number): Freshness {
  const whole_ms = Math.max(1, Date.parse(expires_at) - Date.parse(signed_at));
  const left_ms = Math.max(0, Date.parse(expires_at) - now_ms);
  const share = Math.min(1, left_ms / whole_ms);
  return { state: left_ms === 0 ? 'stale' : share < AGEING_BELOW ? 'ageing' : 'fresh', age_ms: Math.max(0, now_ms - Date.parse(signed_at)), left_ms, share };
}
