import type { PolicyCounters, Windows } from '@countersign/contracts/policy/decision.ts';

/** A call that policy allowed. */
export interface AllowedCall {
  readonly action: string;
  readonly instance_id: string | null;
  readonly workflow: string | null;
  readonly at_ms: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Times that lie more than a day back are dropped in heaps of this many. */
const DROP = 1_000;

/**
 * The calls that were allowed within the day before a moment, to count them anew for a policy that reads counters where the one that decided
 * did not. Moments come in order; what is older than a day is forgotten.
 */
export class AllowedCalls {
  readonly #times = new Map<string, number[]>();

  add({ action, instance_id, workflow, at_ms }: AllowedCall): void {
    for (const key of keysOf(action, instance_id, workflow)) {
      const times = this.#times.get(key);
      if (times === undefined) this.#times.set(key, [at_ms]);
      else times.push(at_ms);
    }
  }

  /** As the decision point would have been told: within a minute, an hour and a day before `at_ms`. */
  countersOf({ action, instance_id, workflow, at_ms }: AllowedCall): PolicyCounters {
    const [ofAction, ofInstance, ofWorkflow] = keysOf(action, instance_id, workflow).map((key) => this.#windows(key, at_ms));
    return { action: ofAction ?? NONE, instance: ofInstance ?? NONE, workflow: ofWorkflow ?? NONE };
  }

  #windows(key: string, at_ms: number): Windows {
    const times = this.#times.get(key);
    if (times === undefined) return NONE;
    const since = (span_ms: number): number => times.length - firstAfter(times, at_ms - span_ms);
    const old = firstAfter(times, at_ms - DAY_MS);
    const windows = { minute: since(MINUTE_MS), hour: since(HOUR_MS), day: times.length - old };
    if (old >= DROP) times.splice(0, old);
    return windows;
  }
}

const NONE: Windows = { minute: 0, hour: 0, day: 0 };

function keysOf(action: string, instance: string | null, workflow: string | null): string[] {
  return [`action ${action}`, `instance ${instance ?? ''}`, `workflow ${workflow ?? ''}`];
}

/** The place of the first time that is later than `after_ms`, in times that are in order. */
function firstAfter(times: readonly number[], after_ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) > after_ms) high = middle;
    else low = middle + 1;
  }
  return low;
}
