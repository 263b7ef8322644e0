import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import { isStopped } from '@countersign/connectors/gateway/kill-switch.ts';
import type { CallError, CallResult } from '@countersign/connectors/gateway/ports.ts';
import type { OrderOutcome } from './outcome-entry.ts';
import { NO_EXCHANGES } from './outcome-entry.ts';

/** How an order ends: with an outcome, or refused after all by the policy of this side, with nothing sent. */
export type Ending = { readonly outcome: OrderOutcome } | Refused;

export interface Refused {
  readonly refusal: OrderRefusal;
  /** For the log of this side: the rules that said no. */
  readonly why: string;
}

/** Nothing went over the wire. */
export const UNSENT: Pick<OrderOutcome, 'usage' | 'exchanges' | 'duration_ms'> = { usage: [], exchanges: NO_EXCHANGES, duration_ms: 0 };

export function failedWith(error: CallError, parts: Partial<OrderOutcome> = {}): Ending {
  return { outcome: { ...UNSENT, state: 'failed', result: null, error, ...parts } };
}

/** Whether it was sent nobody knows. */
export function mayHaveHappened(error: CallError): Ending {
  return failedWith(error, { state: 'uncertain', exchanges: { ...NO_EXCHANGES, may_have_changed: true } });
}

/** What the gateway says of a call that did not go on. */
export function notCarriedOut(result: Exclude<CallResult, { kind: 'succeeded' | 'failed' | 'uncertain' }>): Ending {
  if (result.kind !== 'denied') return { refusal: 'policy_denied_here', why: result.kind };
  const why = result.reasons.map(({ rule, message }) => `${rule}: ${message}`).join('; ');
  if (isStopped(result.reasons)) return { refusal: 'stopped_by_kill_switch', why };
  return { refusal: result.reasons.some(({ rule }) => OTHER_BUNDLE.has(rule)) ? 'policy_behind' : 'policy_denied_here', why };
}

/** Nobody sent what they must not: the time of the bundle was over between taking the order and deciding on it, or a newer one here counts by what the cell's does not. */
const OTHER_BUNDLE: ReadonlySet<string> = new Set(['bundle_missing', 'bundle_stale', 'bundle_invalid', 'facts_unavailable']);
