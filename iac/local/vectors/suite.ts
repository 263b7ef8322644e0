/** What came out of one set of vectors. */
export interface Suite {
  readonly suite: string;
  readonly tests: number;
  readonly passed: number;
  /** Where we differ on purpose, each named; they count as neither passed nor failed. */
  readonly exceptions: readonly Exception[];
  readonly failed: readonly string[];
}

export interface Exception {
  readonly which: string;
  readonly count: number;
  readonly why: string;
}

/** Tries every vector; what throws has failed. */
export function tryAll<T>(suite: string, vectors: readonly T[], holds: (vector: T) => boolean, nameOf: (vector: T) => string): Suite {
  const failed: string[] = [];
  for (const vector of vectors) {
    let held = false;
    try {
      held = holds(vector);
    } catch (error) {
      failed.push(`${nameOf(vector)}: ${(error as Error).message}`);
      continue;
    }
    if (!held) failed.push(nameOf(vector));
  }
  return { suite, tests: vectors.length, passed: vectors.length - failed.length, exceptions: [], failed };
}
