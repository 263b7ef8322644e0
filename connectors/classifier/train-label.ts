import type { CalibrationSample } from './calibration.ts';
import { DEFAULT_STACKING, fitStacking, fitTopCalibration, IDENTITY_CALIBRATION, stackProbabilities } from './calibration.ts';
import type { BinaryMachine, LinearProblem } from './linear.ts';
import { fitMachine, scoreRow } from './linear.ts';
import type { LabelModel } from './model.ts';
import type { Neighbour } from './neighbours.ts';
import { createRandom } from './random.ts';
import { layOutSignals } from './signals.ts';
import type { SparseMatrix } from './vectorizer.ts';

const COST = 1;

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
  const logPriors = countPriors(rows, ticketClasses, classes.length);
  const base = { label, classes, labelledCount: rows.length, ticketClasses, logPriors };
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
    storeMachine(table, k, fitMachine(problem, (row) => ticketClasses[row] === k, random));
    await advance();
  }
  return { ...base, ...table, stacking, topCalibration };
}

/** Classes in order of their names, so that the order of the tickets does not number them. */
function numberClasses(values: readonly (string | undefined)[]): { classes: string[]; ticketClasses: Int32Array } {
  const classes = [...new Set(values.filter((value) => value !== undefined))].toSorted((a, b) => (a < b ? -1 : 1));
  const numbers = new Map(classes.map((value, k) => [value, k]));
  return { classes, ticketClasses: Int32Array.from(values, (value) => (value === undefined ? -1 : numbers.get(value)!)) };
}

function countPriors(rows: Int32Array, ticketClasses: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) counts[ticketClasses[row]!]!++;
  return counts.map((count) => Math.log((count + 1) / (rows.length + classes)));
}

async function scoreFold(
  problem: LinearProblem,
  scored: Int32Array,
  base: { classes: readonly string[]; ticketClasses: Int32Array; logPriors: Float64Array },
  shared: SharedTraining,
  random: () => number,
  advance: () => Promise<void>,
): Promise<CalibrationSample[]> {
  const { classes, ticketClasses, logPriors } = base;
  const scores = Array.from(scored, () => new Float32Array(classes.length));
  for (let k = 0; k < classes.length; k++) {
    const machine = fitMachine(problem, (row) => ticketClasses[row] === k, random);
    scored.forEach((row, at) => (scores[at]![k] = scoreRow(machine, problem.matrix, row)));
    await advance();
  }
  return Array.from(scored, (row, at) => ({
    signals: layOutSignals({ scores: scores[at]!, neighbours: shared.neighboursOf[row]!, ticketClasses, logPriors }),
    target: ticketClasses[row]!,
  }));
}

function leadingOutcome(sample: CalibrationSample, stacking: Float64Array, classes: number): { probability: number; right: boolean } {
  const probabilities = new Float64Array(classes);
  stackProbabilities(sample.signals, stacking, probabilities);
  let best = 0;
  for (let k = 1; k < classes; k++) if (probabilities[k]! > probabilities[best]!) best = k;
  return { probability: probabilities[best]!, right: best === sample.target };
}

interface WeightTable {
  readonly weights: Int8Array;
  readonly scales: Float64Array;
  readonly intercepts: Float64Array;
}

function createWeightTable(columns: number, classes: number): WeightTable {
  return {
    weights: new Int8Array(columns * classes),
    scales: new Float64Array(classes),
    intercepts: new Float64Array(classes),
  };
}

/** Rounds a machine's weights to 8 bits: an eighth of the memory for a change in score far below its noise. */
function storeMachine(table: WeightTable, k: number, machine: BinaryMachine): void {
  const classes = table.scales.length;
  const columns = machine.weights.length - 1;
  let largest = 0;
  for (let feature = 0; feature < columns; feature++) largest = Math.max(largest, Math.abs(machine.weights[feature]!));
  const scale = largest === 0 ? 1 : largest / 127;
  table.scales[k] = scale;
  table.intercepts[k] = machine.weights[columns]! + machine.offset;
  for (let feature = 0; feature < columns; feature++) {
    table.weights[feature * classes + k] = Math.round(machine.weights[feature]! / scale);
  }
}
