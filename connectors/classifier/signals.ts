import type { Neighbour } from './neighbours.ts';

/** What is weighed for each class; see calibration.ts. */
export const MACHINE = 0;
export const NAIVE_BAYES = 1;
export const NEAREST = 2;
export const SIGNALS = 3;

/** Per class the similarity of the nearest neighbour that is of it, 0 where none is. */
export function nearestPerClass(neighbours: readonly Neighbour[], ticketClasses: Int32Array, classes: number): Float64Array {
  const nearest = new Float64Array(classes);
  for (const { ticket, similarity } of neighbours) {
    const k = ticketClasses[ticket]!;
    if (k >= 0 && similarity > nearest[k]!) nearest[k] = similarity;
  }
  return nearest;
}
