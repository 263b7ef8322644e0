import type { NeighbourIndex } from './model.ts';
import type { SparseMatrix } from './vectorizer.ts';

/** How many neighbours vote. */
export const NEIGHBOURS = 20;

export interface Neighbour {
  readonly ticket: number;
  /** Cosine of the word vectors, 0 to 1. */
  readonly similarity: number;
}

/** A ticket's word features brought to length 1. */
export interface WordVector {
  readonly features: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly from: number;
  readonly to: number;
}

/** Builds the inverted index over the word features (numbers below `wordFeatures`) of all rows. */
export function buildNeighbourIndex(ids: readonly string[], matrix: SparseMatrix, wordFeatures: number): NeighbourIndex {
  const offsets = new Uint32Array(wordFeatures + 1);
  for (const feature of matrix.features) if (feature < wordFeatures) offsets[feature + 1]!++;
  for (let feature = 0; feature < wordFeatures; feature++) offsets[feature + 1]! += offsets[feature]!;
  const next = offsets.slice(0, wordFeatures);
  const tickets = new Uint32Array(offsets[wordFeatures]!);
  const weights = new Float32Array(offsets[wordFeatures]!);
  for (let row = 0; row < matrix.rows; row++) {
    const query = rowVector(matrix, row);
    const norm = wordNorm(query, wordFeatures);
    for (let entry = query.from; entry < query.to; entry++) {
      const feature = matrix.features[entry]!;
      if (feature >= wordFeatures) continue;
      const slot = next[feature]!++;
      tickets[slot] = row;
      weights[slot] = matrix.values[entry]! / norm;
    }
  }
  return { ids, offsets, tickets, weights };
}

export function rowVector(matrix: SparseMatrix, row: number): WordVector {
  return { features: matrix.features, values: matrix.values, from: matrix.starts[row]!, to: matrix.starts[row + 1]! };
}

function wordNorm(query: WordVector, wordFeatures: number): number {
  let square = 0;
  for (let entry = query.from; entry < query.to; entry++) {
    if (query.features[entry]! < wordFeatures) square += query.values[entry]! ** 2;
  }
  return Math.sqrt(square);
}

/**
 * The nearest training tickets, best first; ties go to the lower ticket number.
 * @param allowed leaves tickets out (cross-fitting must not let a ticket vote for itself)
 */
export function findNeighbours(
  index: NeighbourIndex,
  query: WordVector,
  limit: number,
  allowed: (ticket: number) => boolean = () => true,
): Neighbour[] {
  const wordFeatures = index.offsets.length - 1;
  const norm = wordNorm(query, wordFeatures);
  if (norm === 0) return [];
  const similarities = new Float32Array(index.ids.length);
  for (let entry = query.from; entry < query.to; entry++) {
    const feature = query.features[entry]!;
    if (feature >= wordFeatures) continue;
    const weight = query.values[entry]! / norm;
    const end = index.offsets[feature + 1]!;
    for (let slot = index.offsets[feature]!; slot < end; slot++) {
      similarities[index.tickets[slot]!]! += weight * index.weights[slot]!;
    }
  }
  return pickBest(similarities, limit, allowed);
}

function pickBest(similarities: Float32Array, limit: number, allowed: (ticket: number) => boolean): Neighbour[] {
  const best: Neighbour[] = [];
  let worst = 0;
  for (let ticket = 0; ticket < similarities.length; ticket++) {
    const similarity = similarities[ticket]!;
    if (similarity <= worst || !allowed(ticket)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.similarity < similarity) place--;
    best.splice(place, 0, { ticket, similarity: Math.min(similarity, 1) });
    if (best.length > limit) best.pop();
    if (best.length === limit) worst = best[limit - 1]!.similarity;
  }
  return best;
}
