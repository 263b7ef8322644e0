import { numbers, rfc8785Files } from './canonical-json.ts';
import { merkleProofs } from './merkle.ts';
import type { Suite } from './suite.ts';
import { leftOut } from './vector-source.ts';
import type { VectorSource } from './vector-source.ts';
import { wycheproof } from './wycheproof.ts';

/** A moment's worth of the list of numbers, of which the SHA-256 of the first 1,000 and 10,000 lines is published. */
export const SUBSET_NUMBERS = 10_000;

/** Tries everything that the source has, and so many of the list of numbers. */
export async function trySuites(source: VectorSource, count: number): Promise<Suite[]> {
  const rfc8785 = await source.rfc8785();
  return [...rfc8785Files(rfc8785), ...numbers(rfc8785, count), ...await wycheproof(source), ...merkleProofs()];
}

/** What the subset does not try. */
export function inWordsLeftOut(count: number): string {
  const tests = leftOut().filter((one) => one.tests > 0).map(({ suite, tests: left }) => `${left} of ${suite}`);
  return `Left out: ${tests.join(', ')}, and ${1_000_000 - count} numbers of RFC 8785. With Go and a module proxy: npm run vectors`;
}
