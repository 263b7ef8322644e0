import { calibrateTop, softmax } from './calibration.ts';
import { createCountTable } from './features.ts';
import type { LabelModel, LabelPrediction, Prediction, PredictionMode, RankedValue, TicketText, TrainedModel } from './model.ts';
import { MIN_LABELLED_TICKETS_TO_PROPOSE, SIMILAR_TICKETS, TOP_VALUES } from './model.ts';
import type { Neighbour } from './neighbours.ts';
import { findNeighbours, NEIGHBOURS } from './neighbours.ts';
import { nearestPerClass } from './signals.ts';
import { summarise } from './summary.ts';
import type { SparseVector } from './vectorizer.ts';
import { vectorize } from './vectorizer.ts';

/** One table for the thread: prediction is synchronous, so nobody else can be using it. */
const countTable = createCountTable();

/** Says what the model thinks of one ticket, in well under a millisecond. Pure: same model and ticket, same answer. */
export function predict(model: TrainedModel, ticket: TicketText): Prediction {
  const vector = vectorize(ticket, model.vocabulary, countTable);
  const neighbours = findNeighbours(model.neighbours, { ...vector, from: 0, to: vector.length }, NEIGHBOURS);
  return {
    labels: Object.fromEntries(model.labels.map((label) => [label.label, predictLabel(label, vector, neighbours)])),
    summary: summarise(ticket, model.vocabulary),
    similar: neighbours
      .slice(0, SIMILAR_TICKETS)
      .map(({ ticket: number, similarity }) => ({ id: model.neighbours.ids[number]!, similarity })),
    mode: modeFor(model.labelledCount),
    labelled_count: model.labelledCount,
  };
}

function modeFor(labelledCount: number): PredictionMode {
  return labelledCount >= MIN_LABELLED_TICKETS_TO_PROPOSE ? 'propose' : 'suggest';
}

function predictLabel(label: LabelModel, vector: SparseVector, neighbours: readonly Neighbour[]): LabelPrediction {
  const probabilities = scoreClasses(label, vector);
  const nearest = nearestPerClass(neighbours, label.ticketClasses, label.classes.length);
  for (let k = 0; k < nearest.length; k++) probabilities[k]! += label.nearestWeight[0]! * nearest[k]!;
  softmax(probabilities);
  const top = rank(label, probabilities);
  return { ...top[0]!, top, labelled_count: label.labelledCount, mode: modeFor(label.labelledCount) };
}

/** What the words say of each class, as logits. */
function scoreClasses(label: LabelModel, vector: SparseVector): Float64Array {
  const classes = label.classes.length;
  const scores = new Float64Array(classes);
  for (let entry = 0; entry < vector.length; entry++) {
    const value = vector.values[entry]!;
    const base = vector.features[entry]! * classes;
    for (let k = 0; k < classes; k++) scores[k]! += value * label.weights[base + k]!;
  }
  for (let k = 0; k < classes; k++) scores[k] = scores[k]! * label.scales[k]! + label.intercepts[k]!;
  return scores;
}

/** The best classes; calibrating the first scales the others, which never overtake it. */
function rank(label: LabelModel, probabilities: Float64Array): RankedValue[] {
  const order = bestClasses(probabilities);
  const raw = probabilities[order[0]!]!;
  const leading = label.classes.length === 1 ? singleClassConfidence(label) : calibrateTop(raw, label.topCalibration);
  const rest = raw < 1 ? (1 - leading) / (1 - raw) : 0;
  return order.map((k, place) => ({
    value: label.classes[k]!,
    confidence: place === 0 ? leading : Math.min(leading, probabilities[k]! * rest),
  }));
}

/** Laplace's rule of succession: n tickets all agreed, nothing else is known. */
function singleClassConfidence(label: LabelModel): number {
  return (label.labelledCount + 1) / (label.labelledCount + 2);
}

function bestClasses(probabilities: Float64Array): number[] {
  const order: number[] = [];
  for (let k = 0; k < probabilities.length; k++) {
    let place = order.length;
    while (place > 0 && probabilities[order[place - 1]!]! < probabilities[k]!) place--;
    if (place < TOP_VALUES) order.splice(place, 0, k);
    if (order.length > TOP_VALUES) order.pop();
  }
  return order;
}
