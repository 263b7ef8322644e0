import type { SparseMatrix } from './vectorizer.ts';

/** The table of this many tickets takes 200 MB; larger sets are learnt without it. */
const MAX_SIMILARITY_ROWS = 10_000;
/** The table's cost grows with the square of the rows, what it saves with rows times classes; here they were equal. */
const ROWS_PER_CLASS = 200;

/**
 * The cosine of every row with every other: 16 bits for each, half the memory of floats and a rounding far below the
 * solver's tolerance.
 */
export interface Similarities {
  readonly rows: number;
  /** `table[a * rows + b]`, in units of 1 / SIMILARITY_ONE. */
  readonly table: Uint16Array;
}

export const SIMILARITY_ONE = 65_535;

/** Whether so many tickets with so many classes, of all labels together, are learnt faster with the table. */
export function paysForSimilarities(rows: number, classes: number): boolean {
  return rows <= Math.min(MAX_SIMILARITY_ROWS, ROWS_PER_CLASS * classes);
}

/** A table under construction: the rows must be added in order, each once. */
export interface SimilarityBuilder {
  readonly similarities: Similarities;
  readonly addRow: (row: number) => void;
}

/** A row is posted to its features after it was compared, so that each pair of rows is summed up once. */
export function buildSimilarities(matrix: SparseMatrix): SimilarityBuilder {
  const { rows, starts, features, values } = matrix;
  const firstSlots = countSlots(matrix);
  const nextSlots = firstSlots.slice();
  const postedRows = new Uint16Array(features.length);
  const postedValues = new Float32Array(features.length);
  const table = new Uint16Array(rows * rows);
  const sums = new Float32Array(rows);

  const addRow = (row: number): void => {
    sums.fill(0);
    const lastEntry = starts[row + 1]!;
    for (let entry = starts[row]!; entry < lastEntry; entry++) {
      const feature = features[entry]!;
      const value = values[entry]!;
      const next = nextSlots[feature]!;
      for (let slot = firstSlots[feature]!; slot < next; slot++) sums[postedRows[slot]!]! += value * postedValues[slot]!;
      postedRows[next] = row;
      postedValues[next] = value;
      nextSlots[feature] = next + 1;
    }
    for (let other = 0; other < row; other++) {
      const similarity = Math.min(sums[other]!, 1) * SIMILARITY_ONE + 0.5;
      table[row * rows + other] = similarity;
      table[other * rows + row] = similarity;
    }
    // An empty row is like nothing, itself included.
    table[row * rows + row] = starts[row]! < lastEntry ? SIMILARITY_ONE : 0;
  };
  return { similarities: { rows, table }, addRow };
}

/** Where each feature's postings start. */
function countSlots({ features, columns }: SparseMatrix): Int32Array {
  const slots = new Int32Array(columns + 1);
  for (const feature of features) slots[feature + 1]!++;
  for (let feature = 0; feature < columns; feature++) slots[feature + 1]! += slots[feature]!;
  return slots;
}
