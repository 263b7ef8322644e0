/**
 * What the classifier learns from, what it says, and what it keeps. Plain data only: a model is cloned between
 * threads and written as bytes, so it holds no class, no Map and no function.
 */

/** Below this many labelled tickets a prediction is a suggestion only: on the long-tailed sets we measured, fewer
 * tickets leave most assignment groups with under ten examples, too few to check a confidence against. */
export const MIN_LABELLED_TICKETS_TO_PROPOSE = 1_000;

/** Training time grows with the number of tickets; this many take minutes, not hours. Send the newest. */
export const MAX_TRAINING_TICKETS = 50_000;

/** Neighbours named in a prediction. */
export const SIMILAR_TICKETS = 5;

/** Values named per label in a prediction. */
export const TOP_VALUES = 3;

export interface TicketText {
  readonly short_description: string;
  readonly description: string;
}

/** `labels` holds the values known for this ticket; a label that is absent or blank is not learnt from it. */
export interface LabelledTicket extends TicketText {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface TrainingProgress {
  readonly phase: 'features' | 'neighbours' | 'label';
  /** The label being learnt, in phase `label`. */
  readonly label?: string;
  readonly done: number;
  readonly total: number;
}

export interface TrainingOptions {
  /** The labels to learn, in the order in which predictions list them. */
  readonly labels: readonly string[];
  /** Same tickets, same labels, same seed: the same bytes. */
  readonly seed: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export type PredictionMode = 'propose' | 'suggest';

export interface RankedValue {
  readonly value: string;
  /** Calibrated probability, 0 to 1. */
  readonly confidence: number;
}

export interface LabelPrediction extends RankedValue {
  /** Best first, up to three; the first is the prediction itself. */
  readonly top: readonly RankedValue[];
  /** Training tickets that carried this label. */
  readonly labelled_count: number;
  /** As the prediction's mode, counted over the tickets that carried this label. */
  readonly mode: PredictionMode;
}

export interface SimilarTicket {
  readonly id: string;
  /** Cosine of the word vectors, 0 to 1. */
  readonly similarity: number;
}

export interface Prediction {
  /** One entry per label that had any value in training. */
  readonly labels: Readonly<Record<string, LabelPrediction>>;
  /** The ticket's own words, at most SUMMARY_MAX_CHARS of summary.ts; empty for an empty ticket. */
  readonly summary: string;
  readonly similar: readonly SimilarTicket[];
  readonly mode: PredictionMode;
  /** Training tickets that carried at least one of the labels. */
  readonly labelled_count: number;
}

/** Hashed features kept from training, sorted by bucket, so that the blocks of features.ts are contiguous. */
export interface Vocabulary {
  readonly buckets: Uint32Array;
  readonly idf: Float32Array;
  /** Bucket to feature number, -1 where unknown. Derived from `buckets`, not serialised. */
  readonly featureOf: Int32Array;
}

/** Inverted index over the word features: which training tickets hold a word, and how strongly. */
export interface NeighbourIndex {
  readonly ids: readonly string[];
  /** Postings of word feature f are `tickets[offsets[f] .. offsets[f + 1]]`. */
  readonly offsets: Uint32Array;
  readonly tickets: Uint32Array;
  readonly weights: Float32Array;
}

export interface LabelModel {
  readonly label: string;
  readonly classes: readonly string[];
  readonly labelledCount: number;
  /** Class number of each training ticket, -1 where it carried no value; parallel to NeighbourIndex.ids. */
  readonly ticketClasses: Int32Array;
  /** Linear machine and naive Bayes in one, already weighed by the stacking coefficients, as whole numbers,
   * feature-major: feature f adds `weights[f * classes.length + k] * scales[k]` to the logit of class k. */
  readonly weights: Int16Array;
  readonly scales: Float64Array;
  readonly intercepts: Float64Array;
  /** Adds `nearestWeight[0]` times the similarity of the class's nearest training ticket to its logit. */
  readonly nearestWeight: Float64Array;
  /** Beta calibration of the leading probability: a, b, c. */
  readonly topCalibration: Float64Array;
}

export interface TrainedModel {
  readonly seed: number;
  readonly labelledCount: number;
  readonly vocabulary: Vocabulary;
  readonly neighbours: NeighbourIndex;
  readonly labels: readonly LabelModel[];
}
