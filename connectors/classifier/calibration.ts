import { SIGNALS } from './signals.ts';

/**
 * From scores to probabilities.
 *
 * Step 1, stacking: for each class three signals (score of the linear machine, score of naive Bayes, similarity of
 * the nearest training ticket of that class) are weighed by one small set of coefficients shared by all classes, and
 * a softmax makes probabilities of them. Step 2, beta calibration (Kull et al., AISTATS 2017) bends the leading
 * probability so that it means what it says. Both are learnt from out-of-fold scores, of tickets that the scorers had
 * not seen, never from their own training tickets.
 *
 * The share of each class in training is no signal on purpose: it is in the machines' intercepts already, and adding
 * it cost accuracy and, more, macro-F1 on every set with a long tail that we measured.
 */
/** Used where there are too few tickets to learn the coefficients. */
export const DEFAULT_STACKING: readonly number[] = [2.5, 0.2, 2];
export const IDENTITY_CALIBRATION: readonly number[] = [1, 1, 0];

const NEWTON_STEPS = 30;
/** Pulls the coefficients to the defaults when evidence is thin; counts as this many tickets' worth. */
const RIDGE = 0.5;

/** Signals of one ticket: `values[k * SIGNALS + signal]` for class k. */
export type SignalRow = Float32Array;

export interface CalibrationSample {
  readonly signals: SignalRow;
  /** The right class. */
  readonly target: number;
}

/** Softmax of the weighed signals into `out`, one probability per class. */
export function stackProbabilities(signals: SignalRow, stacking: ArrayLike<number>, out: Float64Array): void {
  for (let k = 0; k < out.length; k++) {
    let logit = 0;
    for (let signal = 0; signal < SIGNALS; signal++) logit += stacking[signal]! * signals[k * SIGNALS + signal]!;
    out[k] = logit;
  }
  softmax(out);
}

/** Turns logits into probabilities, in place. */
export function softmax(logits: Float64Array): void {
  let highest = -Infinity;
  for (let k = 0; k < logits.length; k++) if (logits[k]! > highest) highest = logits[k]!;
  let total = 0;
  for (let k = 0; k < logits.length; k++) {
    logits[k] = Math.exp(logits[k]! - highest);
    total += logits[k]!;
  }
  for (let k = 0; k < logits.length; k++) logits[k]! /= total;
}

/** Learns the stacking coefficients by Newton's method on the mean log loss (a convex problem of SIGNALS unknowns). */
export function fitStacking(samples: readonly CalibrationSample[], classes: number): Float64Array {
  const start = Float64Array.from(DEFAULT_STACKING);
  return newton(start, (point) => {
    const gradient = new Float64Array(SIGNALS);
    const hessian = new Float64Array(SIGNALS * SIGNALS);
    const probabilities = new Float64Array(classes);
    const mean = new Float64Array(SIGNALS);
    let loss = 0;
    for (const { signals, target } of samples) {
      stackProbabilities(signals, point, probabilities);
      loss -= Math.log(Math.max(probabilities[target]!, 1e-300));
      mean.fill(0);
      for (let k = 0; k < classes; k++) {
        for (let a = 0; a < SIGNALS; a++) mean[a]! += probabilities[k]! * signals[k * SIGNALS + a]!;
      }
      for (let k = 0; k < classes; k++) {
        const probability = probabilities[k]!;
        if (probability < 1e-9) continue;
        for (let a = 0; a < SIGNALS; a++) {
          const spread = probability * (signals[k * SIGNALS + a]! - mean[a]!);
          for (let b = 0; b < SIGNALS; b++) hessian[a * SIGNALS + b]! += spread * (signals[k * SIGNALS + b]! - mean[b]!);
        }
      }
      for (let a = 0; a < SIGNALS; a++) gradient[a]! += mean[a]! - signals[target * SIGNALS + a]!;
    }
    return { loss, gradient, hessian };
  });
}

/** The leading probability after beta calibration. */
export function calibrateTop(probability: number, [a, b, c]: ArrayLike<number> & Iterable<number>): number {
  const p = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
  return 1 / (1 + Math.exp(-(a! * Math.log(p) - b! * Math.log(1 - p) + c!)));
}

export interface TopOutcome {
  readonly probability: number;
  readonly right: boolean;
}

/**
 * Learns beta calibration from leading probabilities and whether they were right. A slope that comes out negative
 * would rank a surer prediction below a less sure one; it is held at 0 and the rest fitted again, as Kull et al. do.
 */
export function fitTopCalibration(outcomes: readonly TopOutcome[]): Float64Array {
  const free = fitBeta(outcomes, [1, 1, 1]);
  if (free[0]! >= 0 && free[1]! >= 0) return free;
  const held = free[0]! < 0 ? fitBeta(outcomes, [0, 1, 1]) : fitBeta(outcomes, [1, 0, 1]);
  return held[0]! >= 0 && held[1]! >= 0 ? held : fitBeta(outcomes, [0, 0, 1]);
}

/** Coefficients whose `use` is 0 stay 0. */
function fitBeta(outcomes: readonly TopOutcome[], use: readonly number[]): Float64Array {
  return newton(Float64Array.from(IDENTITY_CALIBRATION, (value, i) => value * use[i]!), (point) => {
    const gradient = new Float64Array(3);
    const hessian = new Float64Array(9);
    let loss = 0;
    for (const { probability, right } of outcomes) {
      const p = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
      const inputs = [use[0]! * Math.log(p), -use[1]! * Math.log(1 - p), use[2]!];
      const said = calibrateTop(p, point);
      loss -= Math.log(Math.max(right ? said : 1 - said, 1e-300));
      for (let i = 0; i < 3; i++) {
        gradient[i]! += (said - (right ? 1 : 0)) * inputs[i]!;
        for (let j = 0; j < 3; j++) hessian[i * 3 + j]! += said * (1 - said) * inputs[i]! * inputs[j]!;
      }
    }
    return { loss, gradient, hessian };
  });
}

interface Curvature {
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/** Damped Newton with a ridge towards the starting point; halves the step until the loss falls. */
function newton(start: Float64Array, evaluate: (point: Float64Array) => Curvature): Float64Array {
  const size = start.length;
  const penalised = (point: Float64Array): Curvature => {
    const curvature = evaluate(point);
    let loss = curvature.loss;
    for (let i = 0; i < size; i++) {
      loss += (RIDGE / 2) * (point[i]! - start[i]!) ** 2;
      curvature.gradient[i]! += RIDGE * (point[i]! - start[i]!);
      curvature.hessian[i * size + i]! += RIDGE;
    }
    return { ...curvature, loss };
  };
  let point = start;
  let here = penalised(point);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const direction = solve(here.hessian, here.gradient);
    let length = 1;
    let next = point;
    let there = here;
    for (; length > 1e-4; length /= 2) {
      next = point.map((value, i) => value - length * direction[i]!);
      there = penalised(next);
      if (there.loss < here.loss) break;
    }
    if (!(there.loss < here.loss - 1e-7 * Math.abs(here.loss))) break;
    point = next;
    here = there;
  }
  return point;
}

/** Gaussian elimination with pivoting; the ridge keeps the matrix regular. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const rows = Array.from({ length: size }, (_, i) => [...matrix.subarray(i * size, (i + 1) * size), right[i]!]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = rows[row]![column]! / rows[column]![column]!;
      for (let at = column; at <= size; at++) rows[row]![at]! -= factor * rows[column]![at]!;
    }
  }
  return Float64Array.from(rows, (row, i) => row[size]! / row[i]!);
}
