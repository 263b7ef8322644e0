import path from 'node:path';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Report = components['schemas']['PolicyReport'];
type Problem = components['schemas']['PolicyProblem'];

/** Files of the author's layer as they lie on the disk; those of others by their path in the bundle. */
export interface ShownAs {
  readonly folder: string;
  readonly layer: string;
}

/**
 * As a compiler does:
 *
 *     policy/tenant.rego:7:8: error: input has no field "local_tme".
 *         input.local_tme.hour >= 17
 *               ^
 *       fix: Did you mean input.local_time? [unknown_input_field]
 */
export function problemText(problem: Problem, shown: ShownAs): string {
  const { code, severity, file, line, column, text, message, fix } = problem;
  const place = file === '' ? '' : `${pathOf(file, shown)}${line === 0 ? '' : `:${line}:${column}`}: `;
  // A tab stays one, so that the caret stands below its letter in every terminal.
  const caret = text.slice(0, Math.max(column - 1, 0)).replaceAll(/[^\t]/g, ' ');
  const quoted = text.trim() === '' ? [] : [`    ${text}`, `    ${caret}^`];
  return [`${place}${severity}: ${message}`, ...quoted, `  ${fix === undefined ? '' : `fix: ${fix} `}[${code}]`].join('\n');
}

export function pathOf(file: string, { folder, layer }: ShownAs): string {
  return file.startsWith(`${layer}/`) ? path.join(folder, file.slice(layer.length + 1)) : file;
}

/** Every problem, then one line that counts them. */
export function problemsText({ problems }: Pick<Report, 'problems'>, shown: ShownAs): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const counted = [count(errors, 'error'), count(problems.length - errors, 'warning')].filter((part) => part !== '').join(', ');
  return [...problems.map((problem) => problemText(problem, shown)), ...(counted === '' ? [] : [counted])].join('\n');
}

/** `✓ test_name  0.4 ms` by file, then coverage with the lines that no test evaluates. */
export function testsText({ tests, coverage }: Pick<Report, 'tests' | 'coverage'>, shown: ShownAs): string {
  const lines: string[] = [];
  let file = '';
  for (const test of tests) {
    if (test.file !== file) lines.push(pathOf(test.file, shown));
    file = test.file;
    lines.push(`  ${test.passed ? '✓' : '✗'} ${test.name}  ${(test.duration_us / 1000).toFixed(1)} ms`);
  }
  const passed = tests.filter((test) => test.passed).length;
  lines.push(tests.length === 0 ? 'There are no tests. Write some in a file that ends with _test.rego.' : `${passed} of ${tests.length} tests passed`);
  if (coverage !== null) lines.push(...coverageLines(coverage, shown));
  return lines.join('\n');
}

function coverageLines({ percent, files }: NonNullable<Report['coverage']>, shown: ShownAs): string[] {
  const missed = Object.entries(files).filter(([, { not_covered: lines }]) => lines.length > 0)
    .map(([file, { not_covered: lines }]) => `  ${pathOf(file, shown)} lines ${lines.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ')}`);
  return [`${percent} % of the lines are evaluated${missed.length === 0 ? '' : '; no test evaluates'}`, ...missed];
}

function count(number: number, word: string): string {
  return number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}`;
}
