import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { countOf } from '../format/count.ts';
import { byWeight, type SourceProblem } from '../rego/source-problems.ts';
import type { LayerKind } from './starter.ts';

/** What the compiler says about a draft. */
export type CheckReport = components['schemas']['PolicyReport'];

/**
 * A report with the files of the layer named as they are in the layer (`hours.rego`). The compiler names them by their paths in the bundle
 * (`tenant/hours.rego`), since it compiles the layer among the others; files of others keep those names.
 */
export function reportOfLayer(report: CheckReport, layer: LayerKind): CheckReport {
  const prefix = `${layer}/`;
  const own = (path: string): string => (path.startsWith(prefix) ? path.slice(prefix.length) : path);
  const ownKeys = <Value>(files: Readonly<Record<string, Value>>): Record<string, Value> => Object.fromEntries(Object.entries(files).filter(([path]) => path.startsWith(prefix)).map(([path, value]) => [own(path), value]));
  return {
    ...report,
    problems: report.problems.map((problem) => ({ ...problem, file: own(problem.file) })),
    tests: report.tests.map((test) => ({ ...test, file: own(test.file) })),
    formatted: ownKeys(report.formatted),
    coverage: report.coverage === null ? null : { ...report.coverage, files: ownKeys(report.coverage.files) },
  };
}

/** The compiler's problems with the tests that failed among them, the heaviest first. */
export function problemsOf({ problems, tests }: Pick<CheckReport, 'problems' | 'tests'>): SourceProblem[] {
  const failures = tests.filter(({ passed }) => !passed).map(({ name, file, failed_at, message }): SourceProblem => ({
    code: 'test_failed', severity: 'error', file, line: failed_at ?? 1, column: 0, message: `The test ${name} failed`, fix: message,
  }));
  const told = new Set(problems.map(({ code, file, line }) => `${code} ${file} ${line}`));
  return [...problems, ...failures.filter(({ code, file, line }) => !told.has(`${code} ${file} ${line}`))].sort(byWeight);
}

/** How many errors each file has. */
export function errorsByFile(problems: readonly SourceProblem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { severity, file } of problems) if (severity === 'error') counts.set(file, (counts.get(file) ?? 0) + 1);
  return counts;
}

/** Files with lines that no test evaluates. Tests themselves do not count. */
export function untestedFiles({ coverage }: Pick<CheckReport, 'coverage'>): Array<{ path: string; ranges: number[][] }> {
  return Object.entries(coverage?.files ?? {}).filter(([path, { not_covered }]) => not_covered.length > 0 && !path.endsWith('_test.rego')).map(([path, { not_covered }]) => ({ path, ranges: not_covered }));
}

/** `2 errors, 1 warning`, `No problem; 4 of 4 tests passed`. */
export function summaryOf(report: CheckReport): string {
  const problems = problemsOf(report);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const counted = (count: number, word: string): string[] => (count === 0 ? [] : [countOf(count, word)]);
  const found = [...counted(errors, 'error'), ...counted(warnings, 'warning')].join(', ') || 'No problem';
  const passed = report.tests.filter((test) => test.passed).length;
  return report.tests.length === 0 ? found : `${found}; ${passed} of ${report.tests.length} tests passed`;
}
