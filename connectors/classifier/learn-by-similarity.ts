import type { Fold, LearntClass } from './learnt-class.ts';
import { offsetOf, supportOf } from './learnt-class.ts';
import type { Similarities } from './similarities.ts';
import { SIMILARITY_ONE } from './similarities.ts';

/**
 * The machine of linear.ts from the similarities of the rows instead of their features: a row's score is a weighed sum
 * of its similarities to the rows that hold the boundary. All scores are kept up to date, so looking at a row costs
 * nothing and only moving one does (one line of the table). Most rows of a rare class never move.
 */
const MAX_PASSES = 40;

/** How far a row's gradient may stay from its optimum, pass by pass: the worst rows first, the last value to the end. */
const TOLERANCES: readonly number[] = [0.8, 0.4, 0.2, 0.1];
const LAST_TOLERANCE: readonly number[] = TOLERANCES.slice(-1);

export interface SimilarityProblem {
  readonly similarities: Similarities;
  /** Rows to learn from, in the order in which they are looked at. */
  readonly rows: Int32Array;
  /** Loss weight C. */
  readonly cost: number;
}

/** Where the descent stands; changed in place. By place, which is the row number unless `watched` says otherwise. */
interface Solution {
  /** Row number of each place, when only some rows' scores are kept up to date. */
  readonly watched: Int32Array | undefined;
  readonly signs: Int8Array;
  /** How hard each row pulls, 0 or more. */
  readonly alphas: Float32Array;
  /** Without intercept and without the pulls that wait. */
  readonly scores: Float32Array;
  intercept: number;
  readonly waiting: WaitingPulls;
}

/** Pulls that are not in the scores yet: four lines of the table at a time take half as long as one by one. */
interface WaitingPulls {
  count: number;
  /** Where the pulling rows' lines start in the table. */
  readonly lines: Int32Array;
  readonly factors: Float64Array;
}
const PULLS_AT_A_TIME = 4;

function noPulls(): WaitingPulls {
  return { count: 0, lines: new Int32Array(PULLS_AT_A_TIME), factors: new Float64Array(PULLS_AT_A_TIME) };
}

/** Learns one class against the rest. */
export function learnBySimilarity(problem: SimilarityProblem, isMember: (row: number) => boolean): LearntClass {
  const { similarities, rows } = problem;
  const count = similarities.rows;
  const signs = new Int8Array(count);
  for (const row of rows) signs[row] = isMember(row) ? 1 : -1;
  const offset = offsetOf(rows, signs);
  const full: Solution = { watched: undefined, signs, alphas: new Float32Array(count), scores: new Float32Array(count), intercept: offset, waiting: noPulls() };
  descend(problem, rows, full, TOLERANCES);
  return {
    offset,
    support: supportOf(full.alphas, signs),
    scoresWithout: (fold) => scoreWithout(problem, full, fold),
  };
}

/**
 * Takes the held rows out of the solution and lets the other rows that hold the boundary settle again. Rows that did
 * not hold it are left where they are: it saves most of the time, and confidences came out calibrated just as well.
 */
function scoreWithout(problem: SimilarityProblem, full: Solution, { kept, held, scored }: Fold): Float64Array {
  const holding = kept.filter((row) => full.alphas[row]! > 0);
  const watched = new Int32Array(holding.length + scored.length);
  watched.set(holding);
  watched.set(scored, holding.length);
  const solution: Solution = {
    watched,
    signs: Int8Array.from(watched, (row) => full.signs[row]!),
    alphas: Float32Array.from(watched, (row) => full.alphas[row]!),
    scores: Float32Array.from(watched, (row) => full.scores[row]!),
    intercept: full.intercept,
    waiting: noPulls(),
  };
  for (const row of held) {
    if (full.alphas[row]! > 0) pull(problem.similarities, solution, row, -full.alphas[row]! * full.signs[row]!);
  }
  descend(problem, Int32Array.from(holding.keys()), solution, LAST_TOLERANCE);
  return Float64Array.from(scored, (_, at) => solution.scores[holding.length + at]! + solution.intercept);
}

/** Dual coordinate descent: each place in turn goes to its own optimum, until none is further from it than tolerated. */
function descend({ similarities, cost }: SimilarityProblem, places: Int32Array, solution: Solution, tolerances: readonly number[]): void {
  const { watched, signs, alphas, scores } = solution;
  const slack = 1 / (2 * cost);
  // Rows have length 1 (or 0), and the intercept is one more feature of value 1.
  const diagonal = 2 + slack;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const tolerance = tolerances[Math.min(pass, tolerances.length - 1)]!;
    let moves = 0;
    for (const place of places) {
      const row = watched === undefined ? place : watched[place]!;
      const alpha = alphas[place]!;
      const sign = signs[place]!;
      const gradient = sign * (scores[place]! + waitingScore(similarities, solution.waiting, row) + solution.intercept) - 1 + alpha * slack;
      if (Math.abs(gradient) <= tolerance || (alpha === 0 && gradient > 0)) continue;
      alphas[place] = Math.max(alpha - gradient / diagonal, 0);
      pull(similarities, solution, row, (alphas[place]! - alpha) * sign);
      moves++;
    }
    if (moves === 0 && pass >= tolerances.length - 1) break;
  }
  applyPulls(similarities, solution);
}

/** What the waiting pulls add to the score of a row. */
function waitingScore({ table }: Similarities, { count, lines, factors }: WaitingPulls, row: number): number {
  let score = 0;
  for (let at = 0; at < count; at++) score += factors[at]! * table[lines[at]! + row]!;
  return score;
}

/** Adds `step` times a row to the machine. */
function pull(similarities: Similarities, solution: Solution, row: number, step: number): void {
  const { waiting } = solution;
  waiting.lines[waiting.count] = row * similarities.rows;
  waiting.factors[waiting.count] = step / SIMILARITY_ONE;
  waiting.count++;
  solution.intercept += step;
  if (waiting.count === PULLS_AT_A_TIME) applyPulls(similarities, solution);
}

function applyPulls({ rows, table }: Similarities, { watched, scores, waiting }: Solution): void {
  waiting.factors.fill(0, waiting.count);
  waiting.count = 0;
  const [lineA, lineB, lineC, lineD] = [waiting.lines[0]!, waiting.lines[1]!, waiting.lines[2]!, waiting.lines[3]!];
  const [a, b, c, d] = [waiting.factors[0]!, waiting.factors[1]!, waiting.factors[2]!, waiting.factors[3]!];
  if (watched === undefined) {
    for (let row = 0; row < rows; row++) {
      scores[row]! += a * table[lineA + row]! + b * table[lineB + row]! + c * table[lineC + row]! + d * table[lineD + row]!;
    }
    return;
  }
  for (let place = 0; place < watched.length; place++) {
    const row = watched[place]!;
    scores[place]! += a * table[lineA + row]! + b * table[lineB + row]! + c * table[lineC + row]! + d * table[lineD + row]!;
  }
}
