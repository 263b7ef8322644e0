import type { DecisionRecord } from './ports.ts';
import type { PriceLists } from './pricing.ts';

/** What has been written before anything leaves. */
export interface Intended {
  readonly callId: string;
  /** When its commit began, by `performance.now()`. */
  readonly intendedAt: number;
  /** The prices that the call was estimated by and is metered by. */
  readonly prices: PriceLists;
  /** Whether people countersigned exactly this action. */
  readonly approved: boolean;
  /** What let it go on. */
  readonly decision: DecisionRecord;
}
