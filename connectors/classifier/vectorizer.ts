import type { CountTable } from './features.ts';
import { BLOCK_STARTS, BUCKETS, clearCounts, countFeatures, createCountTable } from './features.ts';
import type { TicketText, Vocabulary } from './model.ts';

/** How much each block of features counts before the whole vector is brought to length 1. */
const BLOCK_WEIGHTS: readonly number[] = [1, 0.6, 1];

/** A feature seen in one ticket only cannot be generalised from. */
const MIN_DOCUMENTS = 2;

/** One ticket: feature numbers and weights, both of `length`; squared weights sum to 1 (or 0 for an empty ticket). */
export interface SparseVector {
  readonly features: Int32Array;
  readonly values: Float32Array;
  readonly length: number;
}

/** Many tickets in compressed rows: row r is `features[starts[r] .. starts[r + 1]]`. */
export interface SparseMatrix {
  readonly starts: Int32Array;
  readonly features: Int32Array;
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Counts in how many tickets each bucket occurs and keeps the buckets that occur often enough.
 * @param maxFeatures upper bound on what is kept; the rarest go first
 */
export function fitVocabulary(tickets: readonly TicketText[], maxFeatures: number): Vocabulary {
  const table = createCountTable();
  const documents = new Uint32Array(BUCKETS);
  for (const ticket of tickets) {
    countFeatures(ticket, table);
    for (const bucket of table.touched) documents[bucket]!++;
    clearCounts(table);
  }
  const threshold = lowestThreshold(documents, maxFeatures);
  const kept: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) if (documents[bucket]! >= threshold) kept.push(bucket);
  const buckets = Uint32Array.from(kept);
  const idf = Float32Array.from(kept, (bucket) => Math.log((1 + tickets.length) / (1 + documents[bucket]!)) + 1);
  return { buckets, idf, featureOf: invertBuckets(buckets) };
}

function lowestThreshold(documents: Uint32Array, maxFeatures: number): number {
  for (let threshold = MIN_DOCUMENTS; ; threshold++) {
    let kept = 0;
    for (let bucket = 0; bucket < documents.length; bucket++) if (documents[bucket]! >= threshold) kept++;
    if (kept <= maxFeatures) return threshold;
  }
}

/** The table from bucket to feature number, -1 where the bucket is not kept. */
export function invertBuckets(buckets: Uint32Array): Int32Array {
  const featureOf = new Int32Array(BUCKETS).fill(-1);
  for (let feature = 0; feature < buckets.length; feature++) featureOf[buckets[feature]!] = feature;
  return featureOf;
}

/** How many features are words of the whole ticket; they come first. */
export function wordFeatureCount(vocabulary: Vocabulary): number {
  return blockEnds(vocabulary)[0]!;
}

function blockEnds(vocabulary: Vocabulary): number[] {
  return BLOCK_STARTS.slice(1).map((end) => lowerBound(vocabulary.buckets, end));
}

function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sublinear tf times idf, every block brought to its weight, the whole to length 1. */
export function vectorize(ticket: TicketText, vocabulary: Vocabulary, table: CountTable): SparseVector {
  countFeatures(ticket, table);
  const features = new Int32Array(table.touched.length);
  const values = new Float32Array(table.touched.length);
  const blocks = new Uint8Array(table.touched.length);
  const squares = [0, 0, 0];
  let length = 0;
  for (const bucket of table.touched) {
    const feature = vocabulary.featureOf[bucket]!;
    if (feature < 0) continue;
    const count = table.counts[bucket]!;
    const value = (count > 1 ? 1 + Math.log(count) : count) * vocabulary.idf[feature]!;
    const block = bucket < BLOCK_STARTS[1]! ? 0 : bucket < BLOCK_STARTS[2]! ? 1 : 2;
    features[length] = feature;
    values[length] = value;
    blocks[length] = block;
    squares[block]! += value * value;
    length++;
  }
  clearCounts(table);
  const factors = blockFactors(squares);
  for (let at = 0; at < length; at++) values[at]! *= factors[blocks[at]!]!;
  return { features, values, length };
}

function blockFactors(squares: readonly number[]): number[] {
  const total = Math.sqrt(
    squares.reduce((sum, square, block) => sum + (square > 0 ? BLOCK_WEIGHTS[block]! ** 2 : 0), 0),
  );
  return squares.map((square, block) => (square > 0 ? BLOCK_WEIGHTS[block]! / (Math.sqrt(square) * total) : 0));
}

/** All tickets as one matrix, in their order. */
export function vectorizeAll(tickets: readonly TicketText[], vocabulary: Vocabulary): SparseMatrix {
  const table = createCountTable();
  const vectors = tickets.map((ticket) => vectorize(ticket, vocabulary, table));
  const starts = new Int32Array(tickets.length + 1);
  vectors.forEach((vector, row) => (starts[row + 1] = starts[row]! + vector.length));
  const features = new Int32Array(starts[tickets.length]!);
  const values = new Float32Array(starts[tickets.length]!);
  vectors.forEach((vector, row) => {
    features.set(vector.features.subarray(0, vector.length), starts[row]!);
    values.set(vector.values.subarray(0, vector.length), starts[row]!);
  });
  return { starts, features, values, rows: tickets.length, columns: vocabulary.buckets.length };
}
