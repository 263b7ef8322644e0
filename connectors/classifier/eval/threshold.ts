/** A prediction's confidence and whether it was right. */
export interface Outcome {
  readonly confidence: number;
  readonly right: boolean;
}

export const TARGET_PRECISION = 0.95;
/** One-sided 95 % quantile of the normal distribution. */
const Z = 1.6449;

/**
 * The lowest confidence at and above which at least 95 % of predictions are right, with 95 % certainty.
 *
 * The bare share on a few hundred held-out tickets would be chosen for its luck: the threshold where it just touches
 * 95 % lies, as often as not, below that on new tickets. So the lower Wilson bound must reach the target. 52 tickets
 * without a mistake are the fewest that can.
 * @returns undefined when no confidence does
 */
export function chooseThreshold(outcomes: readonly Outcome[]): number | undefined {
  const sorted = outcomes.toSorted((a, b) => b.confidence - a.confidence);
  let right = 0;
  let chosen: number | undefined;
  sorted.forEach((outcome, at) => {
    if (outcome.right) right++;
    // Equal confidences pass or fail together.
    if (sorted[at + 1]?.confidence === outcome.confidence) return;
    if (wilsonLowerBound(right, at + 1) >= TARGET_PRECISION) chosen = outcome.confidence;
  });
  return chosen;
}

/** Lower end of the one-sided Wilson score interval (Wilson 1927). */
export function wilsonLowerBound(right: number, total: number): number {
  if (total === 0) return 0;
  const share = right / total;
  const square = Z * Z;
  const centre = share + square / (2 * total);
  const spread = Z * Math.sqrt((share * (1 - share)) / total + square / (4 * total * total));
  return (centre - spread) / (1 + square / total);
}
