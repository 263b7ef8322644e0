import { expect, it } from 'vitest';
import { SUBSET_NUMBERS, inWordsLeftOut, trySuites } from './try-suites.ts';
import { COMMITTED_VECTORS, leftOut } from './vector-source.ts';
import type { VectorSource } from './vector-source.ts';

it('the vectors of others that are in this repository hold, but for the exceptions that are named', async () => {
  const suites = await trySuites(COMMITTED_VECTORS, SUBSET_NUMBERS);
  expect(suites.filter(({ failed }) => failed.length > 0)).toEqual([]);
  for (const { suite, tests, passed, exceptions } of suites) {
    expect(tests, suite).toBeGreaterThan(1);
    expect(passed + exceptions.reduce((sum, { count }) => sum + count, 0), suite).toBe(tests);
    console.log(`${String(passed).padStart(6)} of ${String(tests).padStart(6)}  ${suite}${exceptions.map(({ count, which }) => `; ${count} excepted (${which})`).join('')}`);
  }
  console.log(inWordsLeftOut(SUBSET_NUMBERS));
  expect(leftOut()).toHaveLength(5);
});

it('a vector that does not hold is found, in each suite', async () => {
  const wrong: VectorSource = {
    wycheproof: async (suite) => (await COMMITTED_VECTORS.wycheproof(suite)).map((group) => ({ ...group, tests: group.tests.map((test) => ({ ...test, result: test.result === 'valid' ? 'invalid' : 'valid' })) })),
    rfc8785: async () => {
      const { files, first_numbers } = await COMMITTED_VECTORS.rfc8785();
      return { files: files.map((file) => ({ ...file, canonical_hex: `${file.canonical_hex}20` })), first_numbers: first_numbers.toReversed() };
    },
  };
  const found = (await trySuites(wrong, 1_000)).filter(({ failed }) => failed.length > 0).map(({ suite }) => suite);
  // Nothing is altered in the proofs; and what V8 writes of a number it writes in any order: that the order is another, the published SHA-256 says.
  expect(found.filter((suite) => suite.startsWith('Wycheproof'))).toHaveLength(5);
  expect(found.filter((suite) => suite.startsWith('RFC 8785'))).toEqual(['RFC 8785 files, platform', 'RFC 8785 files, contracts', 'RFC 8785 files, json-canonicalize', 'RFC 8785 numbers, published SHA-256 of the list, json-canonicalize']);
});
