/** A run that waits for its turn, with what its version says of it. */
export interface WaitingRun {
  readonly id: string;
  readonly workspace_id: string;
  readonly concurrency_key: string;
  readonly rate_key: string;
  readonly concurrency: { readonly limit: number } | null;
  readonly rate: { readonly count: number; readonly per_ms: number } | null;
}

/** What counts against limits now. */
export interface Usage {
  /** By concurrency key: runs admitted that have not ended. */
  readonly underWay: ReadonlyMap<string, number>;
  /** By rate key: runs admitted within its stretch of time. */
  readonly begun: ReadonlyMap<string, number>;
}

/** Which of `waiting` begin, in the order given. One that has to wait keeps nobody of another key waiting. */
export function decideAdmissions(waiting: readonly WaitingRun[], usage: Usage): WaitingRun[] {
  const underWay = new Map(usage.underWay);
  const begun = new Map(usage.begun);
  const held = new Set<string>();
  return waiting.filter((run) => {
    // What came before it under its own key goes before it.
    const behind = run.concurrency_key !== '' && held.has(run.concurrency_key);
    const full = run.concurrency !== null && (underWay.get(run.concurrency_key) ?? 0) >= run.concurrency.limit;
    const tooFast = run.rate !== null && (begun.get(run.rate_key) ?? 0) >= run.rate.count;
    if (behind || full || tooFast) {
      if (run.concurrency_key !== '') held.add(run.concurrency_key);
      return false;
    }
    underWay.set(run.concurrency_key, (underWay.get(run.concurrency_key) ?? 0) + 1);
    begun.set(run.rate_key, (begun.get(run.rate_key) ?? 0) + 1);
    return true;
  });
}
