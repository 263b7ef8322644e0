import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** From the longest: a browser walks through pages for a minute, a cell takes seconds to start. */
const KINDS = ['.browser.test.ts', '.cell.test.ts'];

/**
 * The order of the files: those of the long kinds first, then as vitest has it (by what they took before, or their size). A long file that
 * begins last leaves the other workers idle until it ends.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one.moduleId) - rank(other.moduleId));
  }
}

function rank(path: string): number {
  const kind = KINDS.findIndex((ending) => path.endsWith(ending));
  return kind === -1 ? KINDS.length : kind;
}
