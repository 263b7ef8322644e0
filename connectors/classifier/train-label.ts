import type { CalibrationSample } from './calibration.ts';
import { DEFAULT_STACKING, fitStacking, fitTopCalibration, IDENTITY_CALIBRATION, stackProbabilities } from './calibration.ts';
import type { BinaryMachine, LinearProblem } from './linear.ts';
import { fitMachine, interceptOf, scoreRow } from './linear.ts';
import type { LabelModel } from './model.ts';
import type { Neighbour } from './neighbours.ts';
import { createRandom } from './random.ts';
import { fitNaiveBayes } from './naive-bayes.ts';
import { MACHINE, NAIVE_BAYES, NEAREST, nearestPerClass, SIGNALS } from './signals.ts';
import type { SparseMatrix } from './vectorizer.ts';

/** Loss weight C of the linear machines; 0.2 to 1 differ by less than the noise of our sets. */
const COST = 0.5;

/** Fewer labelled tickets than this cannot say how sure to be; the default coefficients serve. */
const MIN_TICKETS_TO_CALIBRATE = 50;

/** Out-of-fold rows beyond this add time and no precision to a handful of coefficients. */
const MAX_CALIBRATION_ROWS = 8_000;

/** What is the same for every label. */
export interface SharedTraining {
  readonly matrix: SparseMatrix;
  /** Fold of each row, for cross-fitting. */
  readonly folds: Uint8Array;
  readonly foldCount: number;
  /** Nearest rows of other folds, per row. */
  readonly neighboursOf: readonly (readonly Neighbour[])[];
  readonly seed: number;
}

export interface LabelSteps {
  /** Called between two machines, so that the caller can report and let others run. */
  readonly step: (done: number, total: number) => Promise<void>;
}

/**
 * Learns one label: machines on all its tickets for use, and machines on the other folds only to learn how far
 * such scores can be trusted.
 * @param values the label's value per row, undefined where a ticket does not carry it
 */
export async function trainLabel(
  label: string,
  values: readonly (string | undefined)[],
  shared: SharedTraining,
  { step }: LabelSteps,
): Promise<LabelModel> {
  const { classes, ticketClasses } = numberClasses(values);
  const rows = Int32Array.from(ticketClasses.keys()).filter((row) => ticketClasses[row]! >= 0);
  const base = { label, classes, labelledCount: rows.length, ticketClasses };
  const random = createRandom(shared.seed);
  const calibrates = rows.length >= MIN_TICKETS_TO_CALIBRATE && classes.length > 1;
  const folds = calibrates ? shared.foldCount : 0;
  const total = (folds + 1) * classes.length;
  let done = 0;
  const advance = (): Promise<void> => step(++done, total);

  const samples: CalibrationSample[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const scored = rows.filter((row) => shared.folds[row] === fold).slice(0, Math.ceil(MAX_CALIBRATION_ROWS / folds));
    const problem = { matrix: shared.matrix, rows: rows.filter((row) => shared.folds[row] !== fold), cost: COST };
    samples.push(...(await scoreFold(problem, scored, base, shared, random, advance)));
  }
  const stacking = calibrates ? fitStacking(samples, classes.length) : Float64Array.from(DEFAULT_STACKING);
  const topCalibration = calibrates
    ? fitTopCalibration(samples.map((sample) => leadingOutcome(sample, stacking, classes.length)))
    : Float64Array.from(IDENTITY_CALIBRATION);

  const problem = { matrix: shared.matrix, rows, cost: COST };
  const table = createWeightTable(shared.matrix.columns, classes.length);
  for (let k = 0; k < classes.length; k++) {
    storeWeights(table, k, stacking, fitClass(problem, ticketClasses, k, random));
    await advance();
  }
  return { ...base, ...table, nearestWeight: stacking.slice(NEAREST, NEAREST + 1), topCalibration };
}

/** Classes in order of their names, so that the order of the tickets does not number them. */
function numberClasses(values: readonly (string | undefined)[]): { classes: string[]; ticketClasses: Int32Array } {
  const classes = [...new Set(values.filter((value) => value !== undefined))].toSorted((a, b) => (a < b ? -1 : 1));
  const numbers = new Map(classes.map((value, k) => [value, k]));
  return { classes, ticketClasses: Int32Array.from(values, (value) => (value === undefined ? -1 : numbers.get(value)!)) };
}

/** The two scorers of one class. */
interface ClassScorers {
  readonly machine: BinaryMachine;
  readonly naiveBayes: Float64Array;
}

function fitClass(problem: LinearProblem, ticketClasses: Int32Array, k: number, random: () => number): ClassScorers {
  return {
    machine: fitMachine(problem, (row) => ticketClasses[row] === k, random),
    naiveBayes: fitNaiveBayes(problem.matrix, problem.rows.filter((row) => ticketClasses[row] === k)),
  };
}

/** Fits every class on `problem.rows` and lays out the signals of the rows `scored`, which are none of those. */
async function scoreFold(
  problem: LinearProblem,
  scored: Int32Array,
  base: { classes: readonly string[]; ticketClasses: Int32Array },
  shared: SharedTraining,
  random: () => number,
  advance: () => Promise<void>,
): Promise<CalibrationSample[]> {
  const classes = base.classes.length;
  const samples = Array.from(scored, (row) => ({ signals: new Float32Array(classes * SIGNALS), target: base.ticketClasses[row]! }));
  for (let k = 0; k < classes; k++) {
    const { machine, naiveBayes } = fitClass(problem, base.ticketClasses, k, random);
    scored.forEach((row, at) => {
      samples[at]!.signals[k * SIGNALS + MACHINE] = scoreRow(machine.weights, problem.matrix, row) + interceptOf(machine);
      samples[at]!.signals[k * SIGNALS + NAIVE_BAYES] = scoreRow(naiveBayes, problem.matrix, row);
    });
    await advance();
  }
  scored.forEach((row, at) => {
    const nearest = nearestPerClass(shared.neighboursOf[row]!, base.ticketClasses, classes);
    nearest.forEach((similarity, k) => (samples[at]!.signals[k * SIGNALS + NEAREST] = similarity));
  });
  return samples;
}

function leadingOutcome(sample: CalibrationSample, stacking: Float64Array, classes: number): { probability: number; right: boolean } {
  const probabilities = new Float64Array(classes);
  stackProbabilities(sample.signals, stacking, probabilities);
  let best = 0;
  for (let k = 1; k < classes; k++) if (probabilities[k]! > probabilities[best]!) best = k;
  return { probability: probabilities[best]!, right: best === sample.target };
}

interface WeightTable {
  readonly weights: Int16Array;
  readonly scales: Float64Array;
  readonly intercepts: Float64Array;
}

function createWeightTable(columns: number, classes: number): WeightTable {
  return {
    weights: new Int16Array(columns * classes),
    scales: new Float64Array(classes),
    intercepts: new Float64Array(classes),
  };
}

/**
 * Both scorers are linear in the features, so their weighed sum is one set of weights. Rounded to 16 bits: a quarter
 * of the memory, for a change in the logit far below its noise.
 */
function storeWeights(table: WeightTable, k: number, stacking: Float64Array, { machine, naiveBayes }: ClassScorers): void {
  const classes = table.scales.length;
  const sum = naiveBayes.map((weight, feature) => stacking[MACHINE]! * machine.weights[feature]! + stacking[NAIVE_BAYES]! * weight);
  const largest = sum.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const scale = largest === 0 ? 1 : largest / 32_767;
  table.scales[k] = scale;
  table.intercepts[k] = stacking[MACHINE]! * interceptOf(machine);
  for (let feature = 0; feature < sum.length; feature++) table.weights[feature * classes + k] = Math.round(sum[feature]! / scale);
}
