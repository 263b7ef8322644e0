import type { CalibrationSample } from './calibration.ts';
import { DEFAULT_STACKING, fitStacking, fitTopCalibration, IDENTITY_CALIBRATION, stackProbabilities } from './calibration.ts';
import { learnBySimilarity } from './learn-by-similarity.ts';
import type { Fold, LearntClass } from './learnt-class.ts';
import { learnByWeights, scoreRow, sumWeights } from './linear.ts';
import type { LabelModel } from './model.ts';
import type { Neighbour } from './neighbours.ts';
import { createRandom, shuffle } from './random.ts';
import { fitNaiveBayes } from './naive-bayes.ts';
import { MACHINE, NAIVE_BAYES, NEAREST, nearestPerClass, SIGNALS } from './signals.ts';
import type { Similarities } from './similarities.ts';
import type { SparseMatrix } from './vectorizer.ts';

/** Loss weight C of the linear machines; 0.2 to 1 differ by less than the noise of our sets. */
const COST = 0.5;

/** Fewer labelled tickets than this cannot say how sure to be; the default coefficients serve. */
const MIN_TICKETS_TO_CALIBRATE = 50;

/** So many out-of-fold rows settle a handful of coefficients; folds beyond them would cost time for nothing. */
const ENOUGH_CALIBRATION_ROWS = 1_500;
const MIN_FOLDS_TO_SCORE = 3;
/** What a fold of a very large set is cut to. */
const MAX_ROWS_PER_FOLD = 2_500;

/** What is the same for every label. */
export interface SharedTraining {
  readonly matrix: SparseMatrix;
  /** Undefined where the tickets are too many for it. */
  readonly similarities: Similarities | undefined;
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
  const random = createRandom(shared.seed);
  // Coordinate descent is slow where rows of one kind follow each other.
  shuffle(rows, rows.length, random);
  const base = { label, classes, labelledCount: rows.length, ticketClasses };
  const { columns } = shared.matrix;
  const scratch = { naiveBayesWeights: new Float64Array(columns), machineWeights: new Float64Array(columns + 1) };
  const task: LabelTask = { ...base, rows, shared, random, ...scratch };
  const calibrates = rows.length >= MIN_TICKETS_TO_CALIBRATE && classes.length > 1;
  const folds = calibrates ? splitFolds(task) : [];
  const samples = folds.flatMap(({ scored }) => Array.from(scored, (row) => createSample(task, row)));
  const machines: CompactMachine[] = [];
  for (let k = 0; k < classes.length; k++) {
    const machine = learnClass(task, k);
    machines.push({ support: machine.support, offset: machine.offset });
    await step(k * (folds.length + 1) + 1, classes.length * (folds.length + 1));
    let from = 0;
    for (const [at, fold] of folds.entries()) {
      scoreClass(task, fold, k, machine, samples.slice(from, from + fold.scored.length));
      from += fold.scored.length;
      await step(k * (folds.length + 1) + at + 2, classes.length * (folds.length + 1));
    }
  }
  const stacking = calibrates ? fitStacking(samples, classes.length) : Float64Array.from(DEFAULT_STACKING);
  const topCalibration = calibrates
    ? fitTopCalibration(samples.map((sample) => leadingOutcome(sample, stacking, classes.length)))
    : Float64Array.from(IDENTITY_CALIBRATION);
  const table = createWeightTable(shared.matrix.columns, classes.length);
  machines.forEach((machine, k) => storeWeights(task, table, k, stacking, machine));
  return { ...base, ...table, nearestWeight: stacking.slice(NEAREST, NEAREST + 1), topCalibration };
}

interface LabelTask {
  readonly classes: readonly string[];
  readonly ticketClasses: Int32Array;
  /** Rows that carry the label. */
  readonly rows: Int32Array;
  readonly shared: SharedTraining;
  readonly random: () => number;
  /** Written anew for every class. */
  readonly naiveBayesWeights: Float64Array;
  readonly machineWeights: Float64Array;
}

/** What is left of a class once its folds are scored. */
type CompactMachine = Pick<LearntClass, 'support' | 'offset'>;

/** Each fold costs time: a small set scores all of them, a large one as few as will do. */
function splitFolds({ rows, shared }: LabelTask): Fold[] {
  const wanted = Math.ceil((ENOUGH_CALIBRATION_ROWS * shared.foldCount) / rows.length);
  const count = Math.min(shared.foldCount, Math.max(MIN_FOLDS_TO_SCORE, wanted));
  return Array.from({ length: count }, (_, fold) => ({
    kept: rows.filter((row) => shared.folds[row] !== fold),
    held: rows.filter((row) => shared.folds[row] === fold),
    scored: rows.filter((row) => shared.folds[row] === fold).slice(0, MAX_ROWS_PER_FOLD),
  }));
}

/** Classes in order of their names, so that the order of the tickets does not number them. */
function numberClasses(values: readonly (string | undefined)[]): { classes: string[]; ticketClasses: Int32Array } {
  const classes = [...new Set(values.filter((value) => value !== undefined))].toSorted((a, b) => (a < b ? -1 : 1));
  const numbers = new Map(classes.map((value, k) => [value, k]));
  return { classes, ticketClasses: Int32Array.from(values, (value) => (value === undefined ? -1 : numbers.get(value)!)) };
}

function createSample({ classes, ticketClasses, shared }: LabelTask, row: number): CalibrationSample {
  const signals = new Float32Array(classes.length * SIGNALS);
  const nearest = nearestPerClass(shared.neighboursOf[row]!, ticketClasses, classes.length);
  nearest.forEach((similarity, k) => (signals[k * SIGNALS + NEAREST] = similarity));
  return { signals, target: ticketClasses[row]! };
}

function learnClass({ rows, shared, ticketClasses, random }: LabelTask, k: number): LearntClass {
  const { matrix, similarities } = shared;
  const isMember = (row: number): boolean => ticketClasses[row] === k;
  return similarities === undefined
    ? learnByWeights({ matrix, rows, cost: COST }, isMember, random)
    : learnBySimilarity({ similarities, rows, cost: COST }, isMember);
}

/** Writes what class k says of the fold's rows, not having seen them, into their samples. */
function scoreClass(task: LabelTask, fold: Fold, k: number, learnt: LearntClass, samples: readonly CalibrationSample[]): void {
  const { matrix } = task.shared;
  const scores = learnt.scoresWithout(fold);
  const naiveBayes = fitNaiveBayes(matrix, fold.kept.filter((row) => task.ticketClasses[row] === k), task.naiveBayesWeights);
  fold.scored.forEach((row, at) => {
    const { signals } = samples[at]!;
    signals[k * SIGNALS + MACHINE] = scores[at]!;
    signals[k * SIGNALS + NAIVE_BAYES] = scoreRow(naiveBayes, matrix, row);
  });
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
function storeWeights(task: LabelTask, table: WeightTable, k: number, stacking: Float64Array, { support, offset }: CompactMachine): void {
  const { matrix } = task.shared;
  const machine = sumWeights(matrix, support, task.machineWeights);
  const naiveBayes = fitNaiveBayes(matrix, task.rows.filter((row) => task.ticketClasses[row] === k), task.naiveBayesWeights);
  const [machineShare, naiveBayesShare] = [stacking[MACHINE]!, stacking[NAIVE_BAYES]!];
  // The sum takes the place of the naive Bayes weights.
  let largest = 0;
  for (let feature = 0; feature < naiveBayes.length; feature++) {
    naiveBayes[feature] = machineShare * machine[feature]! + naiveBayesShare * naiveBayes[feature]!;
    largest = Math.max(largest, Math.abs(naiveBayes[feature]!));
  }
  const scale = largest === 0 ? 1 : largest / 32_767;
  const classes = table.scales.length;
  table.scales[k] = scale;
  table.intercepts[k] = machineShare * (machine[matrix.columns]! + offset);
  for (let feature = 0; feature < naiveBayes.length; feature++) table.weights[feature * classes + k] = Math.round(naiveBayes[feature]! / scale);
}
