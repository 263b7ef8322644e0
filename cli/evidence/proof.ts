/** One thing that was checked and held, in words. */
export interface Proof {
  readonly check: string;
  readonly proves: string;
}
