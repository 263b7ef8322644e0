import type { LabelPrediction } from '../model.ts';
import type { Outcome } from './threshold.ts';

export const ECE_BINS = 15;

/** One test ticket and one label: what was said and what is right. */
export interface Judged {
  readonly said: LabelPrediction;
  readonly truth: string;
}

export function outcomeOf({ said, truth }: Judged): Outcome {
  return { confidence: said.confidence, right: said.value === truth };
}

export function accuracy(judged: readonly Judged[]): number {
  return share(judged, ({ said, truth }) => said.value === truth);
}

export function top3(judged: readonly Judged[]): number {
  return share(judged, ({ said, truth }) => said.top.some(({ value }) => value === truth));
}

/** Mean F1 over the values that occur in the test set; never predicted or never seen in training counts 0. */
export function macroF1(judged: readonly Judged[]): number {
  const counts = new Map<string, { hits: number; occurs: number; predicted: number }>();
  const countOf = (value: string): { hits: number; occurs: number; predicted: number } => {
    const count = counts.get(value) ?? { hits: 0, occurs: 0, predicted: 0 };
    counts.set(value, count);
    return count;
  };
  for (const { said, truth } of judged) {
    countOf(truth).occurs++;
    countOf(said.value).predicted++;
    if (said.value === truth) countOf(truth).hits++;
  }
  const scores = [...counts.values()].filter(({ occurs }) => occurs > 0).map(({ hits, occurs, predicted }) => (2 * hits) / (occurs + predicted));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Expected calibration error over equal-width bins (Guo et al., ICML 2017). */
export function expectedCalibrationError(outcomes: readonly Outcome[]): number {
  const bins = Array.from({ length: ECE_BINS }, () => ({ confidence: 0, right: 0 }));
  for (const { confidence, right } of outcomes) {
    const bin = bins[Math.min(ECE_BINS - 1, Math.floor(confidence * ECE_BINS))]!;
    bin.confidence += confidence;
    if (right) bin.right++;
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0) / outcomes.length;
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length;
}
