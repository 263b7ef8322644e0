import { describe, expect, it } from 'vitest';
import { learnBySimilarity } from './learn-by-similarity.ts';
import type { Fold, LearntClass } from './learnt-class.ts';
import { learnByWeights, scoreRow, sumWeights } from './linear.ts';
import { createRandom, shuffle } from './random.ts';
import { buildSimilarities, paysForSimilarities, SIMILARITY_ONE } from './similarities.ts';
import { makeTickets } from './testing/synthetic-tickets.ts';
import type { SparseMatrix } from './vectorizer.ts';
import { fitVocabulary, vectorizeAll } from './vectorizer.ts';

const tickets = [...makeTickets({ count: 400, seed: 3 }), { id: 'empty', short_description: '', description: '', labels: { assignment_group: 'group 1' } }];
const matrix = vectorizeAll(tickets, fitVocabulary(tickets, 1_000_000));
const { similarities, addRow } = buildSimilarities(matrix);
for (let row = 0; row < matrix.rows; row++) addRow(row);

const rows = Int32Array.from(tickets.keys());
shuffle(rows, rows.length, createRandom(1));
const fold: Fold = { kept: rows.slice(40), held: rows.slice(0, 40), scored: rows.slice(0, 40) };
const isMember = (row: number): boolean => tickets[row]!.labels['assignment_group'] === 'group 0';

function dot(a: number, b: number): number {
  const weights = new Float64Array(matrix.columns + 1);
  for (let entry = matrix.starts[a]!; entry < matrix.starts[a + 1]!; entry++) weights[matrix.features[entry]!] = matrix.values[entry]!;
  return scoreRow(weights, matrix, b);
}

function scoresOf({ support, offset }: LearntClass, of: SparseMatrix): number[] {
  const weights = sumWeights(of, support);
  return Array.from({ length: of.rows }, (_, row) => scoreRow(weights, of, row) + weights[of.columns]! + offset);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = (x: readonly number[], meanX: number, y: readonly number[], meanY: number): number => mean(x.map((value, at) => (value - meanX) * (y[at]! - meanY)));
  return covariance(a, meanA, b, meanB) / Math.sqrt(covariance(a, meanA, a, meanA) * covariance(b, meanB, b, meanB));
}

describe('similarities', () => {
  it('are the cosines, the same both ways, and 0 for an empty ticket', () => {
    for (const [a, b] of [[0, 1], [7, 300], [399, 12], [5, 5], [400, 400], [400, 3]] as const) {
      expect(similarities.table[a * matrix.rows + b]! / SIMILARITY_ONE).toBeCloseTo(dot(a, b), 4);
      expect(similarities.table[b * matrix.rows + a]).toBe(similarities.table[a * matrix.rows + b]);
    }
  });

  it('are for sets with many classes that fit in memory', () => {
    expect(paysForSimilarities(6_000, 185)).toBe(true);
    expect(paysForSimilarities(6_000, 8)).toBe(false);
    expect(paysForSimilarities(10_001, 500)).toBe(false);
  });
});

describe('learning by similarity', () => {
  const bySimilarity = learnBySimilarity({ similarities, rows, cost: 0.5 }, isMember);
  const byWeights = learnByWeights({ matrix, rows, cost: 0.5 }, isMember, createRandom(1));

  it('finds the machine that is found by weights', () => {
    expect(bySimilarity.offset).toBe(byWeights.offset);
    expect(correlation(scoresOf(bySimilarity, matrix), scoresOf(byWeights, matrix))).toBeGreaterThan(0.98);
  });

  it('scores a fold nearly as a machine that never saw it', () => {
    const never = learnBySimilarity({ similarities, rows: fold.kept, cost: 0.5 }, isMember);
    const scores = scoresOf(never, matrix);
    const without = [...bySimilarity.scoresWithout(fold)];
    const truth = Array.from(fold.scored, (row) => scores[row]!);
    const seen = scoresOf(bySimilarity, matrix);
    const meanGap = (other: readonly number[]): number => truth.reduce((sum, value, at) => sum + Math.abs(value - other[at]!), 0) / truth.length;
    expect(meanGap(without)).toBeLessThan(meanGap(Array.from(fold.scored, (row) => seen[row]!)) / 4);
    expect(meanGap(without)).toBeLessThan(0.1);
  });
});
