import type { SparseMatrix } from './vectorizer.ts';

/** Small, because most features are rare: a larger one drowns what a class of five tickets has shown. */
const SMOOTHING = 0.01;

/**
 * Multinomial naive Bayes weights of one class over tf-idf values, without prior: log of the feature's share of all
 * that the class's tickets hold. Learns from a handful of tickets what the linear machine, which must also hold
 * every other class off, cannot yet.
 * @param weights overwritten and returned: thousands of fits must not leave an array each
 */
export function fitNaiveBayes(matrix: SparseMatrix, members: Int32Array, weights: Float64Array): Float64Array {
  weights.fill(0);
  let total = SMOOTHING * matrix.columns;
  for (const row of members) {
    const end = matrix.starts[row + 1]!;
    for (let entry = matrix.starts[row]!; entry < end; entry++) {
      weights[matrix.features[entry]!]! += matrix.values[entry]!;
      total += matrix.values[entry]!;
    }
  }
  const logTotal = Math.log(total);
  const unseen = Math.log(SMOOTHING) - logTotal;
  // Most features are unseen in any one class; a logarithm for each would cost more than all the rest.
  for (let feature = 0; feature < weights.length; feature++) {
    weights[feature] = weights[feature] === 0 ? unseen : Math.log(weights[feature]! + SMOOTHING) - logTotal;
  }
  return weights;
}
