import type { DecidingBundle } from '@countersign/contracts/policy/decision.ts';

export type PdpEvent =
  | { readonly kind: 'bundle_activated'; readonly revision: string; readonly seq: number; readonly digest: string }
  | { readonly kind: 'bundle_confirmed'; readonly seq: number }
  /** `code` is a BundleErrorCode or a PdpErrorCode. The bundle before it goes on until its TTL. */
  | { readonly kind: 'refresh_failed'; readonly code: string; readonly message: string };

/** How fresh policy is, for operators and metrics. */
export interface PdpStatus {
  readonly tenant: string;
  readonly scope: string;
  readonly state: 'fresh' | 'stale' | 'missing' | 'invalid';
  readonly bundle: DecidingBundle | null;
  /** Since a refresh last confirmed the bundle; null where there is none. */
  readonly age_ms: number | null;
  /** Until decisions become `bundle_stale`; 0 where they are not made by a bundle. */
  readonly time_left_ms: number;
  /** How long a bundle decides after it was confirmed: what age and time left are to be measured by. */
  readonly ttl_ms: number;
  readonly refreshes: { readonly succeeded: number; readonly failed: number };
  readonly last_refresh_at: string | null;
  readonly last_failure: { readonly at: string; readonly code: string; readonly message: string } | null;
}
