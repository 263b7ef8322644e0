import { TestRunError } from './errors.ts';

/** The kinds of test, as their file names tell them apart. `unit` is everything that has none of the other endings. */
export const TEST_KINDS = ['unit', 'db', 'cell', 'browser'] as const;
export type TestKind = (typeof TEST_KINDS)[number];

export interface TestArguments {
  /** Undefined: all kinds. */
  only: TestKind | undefined;
  /** Passed on to vitest as they are. */
  vitest: string[];
}

export const USAGE = `Usage: npm test [-- [--only ${TEST_KINDS.join('|')}] [-- <arguments for vitest>]]`;

/**
 * Reads `[--only KIND] [-- vitest arguments]`.
 * @throws TestRunError `test_arguments_invalid`
 */
export function parseArguments(argv: readonly string[]): TestArguments {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const vitest = split === -1 ? [] : argv.slice(split + 1);
  return { only: readOnly(own), vitest };
}

/** Which files vitest runs for a kind: a name filter, or for `unit` what to leave out. */
export function vitestSelection(only: TestKind | undefined): string[] {
  if (only === undefined) return [];
  return only === 'unit' ? ['--exclude', '**/*.{db,cell,browser}.test.ts'] : [`.${only}.test.ts`];
}

function readOnly(own: readonly string[]): TestKind | undefined {
  if (own.length === 0) return undefined;
  const [flag, value] = own[0]?.startsWith('--only=') ? ['--only', own[0].slice('--only='.length)] : own;
  const kind = TEST_KINDS.find((name) => name === value);
  if (flag !== '--only' || kind === undefined || own.length > 2) {
    throw new TestRunError('test_arguments_invalid', `Cannot understand "${own.join(' ')}". ${USAGE}`);
  }
  return kind;
}
