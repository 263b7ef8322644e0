/** So many points in so many seconds, counted in windows that begin with the first point taken. */
export interface Rate {
  readonly points: number;
  readonly per_s: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Points that are left in this window. */
  readonly remaining: number;
  /** Whole seconds until the window is over, at least 1. */
  readonly reset_s: number;
}

/**
 * Counts who asks how often. `key` says whose points they are; implementations store its digest only. Rejects when it cannot count: whether that
 * lets a request through is for the caller to say (a limit is no permission).
 */
export interface RateLimits {
  take(key: string, rate: Rate): Promise<Taken>;
}
