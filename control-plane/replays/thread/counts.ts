/** How many decisions were replayed and what came out, and why others were not. */
export interface Counts {
  readonly replayed: number;
  readonly changed: number;
  readonly changed_obligations: number;
  readonly newly_denied: number;
  readonly no_longer_denied: number;
  readonly shredded: number;
  readonly not_kept: number;
  readonly not_by_policy: number;
  readonly input_outdated: number;
  readonly facts_missing: number;
  readonly failed: number;
}

export type CountName = keyof Counts;

export const NO_COUNTS: Counts = {
  replayed: 0, changed: 0, changed_obligations: 0, newly_denied: 0, no_longer_denied: 0, shredded: 0, not_kept: 0, not_by_policy: 0, input_outdated: 0, facts_missing: 0, failed: 0,
};

export function added(counts: Counts, names: readonly CountName[]): Counts {
  const sum: Record<CountName, number> = { ...counts };
  for (const name of names) sum[name] += 1;
  return sum;
}
