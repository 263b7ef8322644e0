/** Rows to learn from, rows kept from learning, and those of them to be scored. */
export interface Fold {
  readonly kept: Int32Array;
  readonly held: Int32Array;
  readonly scored: Int32Array;
}

/** The dual solution: the rows that hold the boundary, and how hard each pulls (sign included). */
export interface Support {
  readonly rows: Int32Array;
  readonly pulls: Float64Array;
}

/** A linear machine for one class against the rest, without its weights, which are many times larger and quickly summed up again. */
export interface LearntClass {
  readonly support: Support;
  /** Fixed part of the intercept. */
  readonly offset: number;
  /** What the machine would say of the fold's rows had it not learnt from those held. */
  readonly scoresWithout: (fold: Fold) => Float64Array;
}

export function offsetOf(rows: Int32Array, signs: Int8Array): number {
  let members = 0;
  for (const row of rows) if (signs[row] === 1) members++;
  return (2 * members) / rows.length - 1;
}

export function supportOf(alphas: ArrayLike<number>, signs: Int8Array): Support {
  let count = 0;
  for (let row = 0; row < alphas.length; row++) if (alphas[row]! > 0) count++;
  const rows = new Int32Array(count);
  const pulls = new Float64Array(count);
  for (let row = 0, at = 0; row < alphas.length; row++) {
    if (alphas[row]! <= 0) continue;
    rows[at] = row;
    pulls[at++] = alphas[row]! * signs[row]!;
  }
  return { rows, pulls };
}
