/** An instance as health is kept for it: never shared between tenants. */
export interface InstanceKey {
  readonly tenantId: string;
  readonly instanceId: string;
}

export type Circuit = 'closed' | 'open' | 'half_open';

/** What is known of an instance. Times are durations from now by the store's own clock, because clocks of workers differ. */
export interface HealthView {
  readonly circuit: Circuit;
  /** Whether something has failed since the last answer. */
  readonly failing: boolean;
  readonly lastFailureCode: string | null;
  /** Until the next call may try an open circuit; 0 when one may now. Only for `open` and `half_open`. */
  readonly probeInMs: number;
  /** For how long the peer has asked for silence; 0 when it has not. */
  readonly blockedForMs: number;
  /** The rate limit that holds now; null when none is known. */
  readonly window: { readonly limit: number; readonly count: number; readonly endsInMs: number; readonly source: 'manifest' | 'peer' } | null;
}

export const HEALTHY: HealthView = { circuit: 'closed', failing: false, lastFailureCode: null, probeInMs: 0, blockedForMs: 0, window: null };

/** What a peer's headers say about how much it bears. `remaining` null: it does not say, so our own requests are counted. */
export interface LearntLimit {
  readonly limit: number;
  readonly remaining: number | null;
  readonly resetsInMs: number;
}

/** When a circuit opens, and for how long. */
export interface CircuitRules {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** A failure older than this does not count any more. */
  readonly failureWindowMs: number;
  /** How long it stays open at first; doubled each time that a probe fails ... */
  readonly openMs: number;
  /** ... up to this. */
  readonly longestOpenMs: number;
  /** How long the one call that tries has; then another may try. */
  readonly probeMs: number;
}

export const CIRCUIT_RULES: CircuitRules = { failures: 5, failureWindowMs: 60_000, openMs: 10_000, longestOpenMs: 300_000, probeMs: 60_000 };

/**
 * Health of instances, shared by all workers. Every method is one atomic step. What is reported late or twice may cost a probe or a
 * moment of waiting, never correctness.
 */
export interface InstanceHealthStore {
  /**
   * Adds `used` requests to the current window and gives what is known now. `manifestLimit` (requests per minute) opens a window where
   * the peer has taught none.
   */
  refresh(key: InstanceKey, used: number, manifestLimit: number | null): Promise<HealthView>;
  /** The peer did not answer, or answered that it cannot. Gives the circuit before and after. */
  failed(key: InstanceKey, code: string, rules: CircuitRules): Promise<{ readonly from: Circuit; readonly to: Circuit }>;
  /** The peer answered: the circuit is closed and failures are forgotten. */
  succeeded(key: InstanceKey): Promise<{ readonly from: Circuit; readonly to: Circuit }>;
  /** Takes the right to try an open circuit. True for exactly one caller while `probeMs` lasts. */
  takeProbe(key: InstanceKey, rules: CircuitRules): Promise<boolean>;
  /** The peer asked for silence. */
  blocked(key: InstanceKey, forMs: number): Promise<void>;
  learnt(key: InstanceKey, limit: LearntLimit): Promise<void>;
}
