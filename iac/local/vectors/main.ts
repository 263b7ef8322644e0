/**
 * `npm run vectors -- [--subset] [--numbers N] [--json]`: the test vectors of others against what this repository canonicalises, verifies and proves
 * with: RFC 8785 with its files and its list of numbers, Project Wycheproof for the algorithms that we use, and the proofs of transparency-dev/merkle.
 * Every exception is named. Exit code 1 when anything else than an exception differs. All of them come by Go's module cache; with --subset those that
 * are in this repository are tried, as CI does, and what that leaves out is said.
 */
import { parseArgs } from 'node:util';
import { ensureVectors } from './ensure-vectors.ts';
import { VectorsError } from './errors.ts';
import type { Suite } from './suite.ts';
import { SUBSET_NUMBERS, inWordsLeftOut, trySuites } from './try-suites.ts';
import { COMMITTED_VECTORS, allVectors } from './vector-source.ts';

const { values } = parseArgs({ options: { subset: { type: 'boolean', default: false }, numbers: { type: 'string' }, json: { type: 'boolean' } } });

try {
  const suites = await allSuites();
  if (values.json === true) process.stdout.write(`${JSON.stringify({ tests: sum(suites, 'tests'), passed: sum(suites, 'passed'), exceptions: exceptionsOf(suites), failed: suites.flatMap(({ failed }) => failed).length, suites })}\n`);
  else for (const suite of suites) process.stdout.write(`${inWords(suite)}\n`);
  process.exitCode = suites.every(({ failed }) => failed.length === 0) ? 0 : 1;
} catch (error) {
  if (!(error instanceof VectorsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code === 'vectors_arguments_invalid' ? 64 : 1;
}

async function allSuites(): Promise<Suite[]> {
  const { subset } = values;
  const count = Number(values.numbers ?? (subset ? SUBSET_NUMBERS : 1_000_000));
  if (!Number.isInteger(count) || count < 1_000 || count > 1_000_000) throw new VectorsError('vectors_arguments_invalid', '--numbers takes a whole number from 1000 to 1000000.');
  const suites = await trySuites(subset ? COMMITTED_VECTORS : allVectors(await ensureVectors()), count);
  if (subset) process.stderr.write(`${inWordsLeftOut(count)}\n`);
  return suites;
}

function inWords({ suite, tests, passed, exceptions, failed }: Suite): string {
  return [
    `${String(passed).padStart(8)} of ${String(tests).padStart(7)}  ${suite}`,
    ...exceptions.map(({ which, count, why }) => `${' '.repeat(21)}${count} excepted: ${which}. ${why}`), ...failed.map((which) => `${' '.repeat(21)}FAILED: ${which}`),
  ].join('\n');
}

function sum(suites: readonly Suite[], name: 'tests' | 'passed'): number {
  return suites.reduce((total, suite) => total + suite[name], 0);
}

function exceptionsOf(suites: readonly Suite[]): number {
  return suites.reduce((total, { exceptions }) => total + exceptions.reduce((part, { count }) => part + count, 0), 0);
}
