import type { CompileLimits } from './compile-options.ts';
import type { Opa } from './opa-process.ts';
import { errorsIn, stopProblem } from './opa-stage.ts';
import { errorAt, NOWHERE, warningAt } from './problems.ts';
import type { FoundProblem } from './problems.ts';
import type { TestResult } from './report.ts';
import { readFailure } from './test-failure.ts';
import type { TraceEvent } from './test-failure.ts';

/** A test as `opa test --format json` prints it. Duration in nanoseconds. */
interface OpaTest {
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  readonly package: string;
  readonly name: string;
  readonly fail?: boolean;
  readonly skip?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
  readonly duration: number;
  readonly trace?: readonly TraceEvent[];
}

const MAX_TRACED = 20;

export interface TestRun {
  readonly tests: readonly TestResult[];
  readonly problems: readonly FoundProblem[];
}

/** Runs every test of the folder. Built-ins are those of `capabilities`: a test reaches no network and no clock either. */
export async function runTests(opa: Opa, capabilities: string, files: ReadonlyMap<string, string>, limits: CompileLimits): Promise<TestRun> {
  const args = ['test', '--format', 'json', '--capabilities', capabilities, '--timeout', `${limits.test_ms}ms`, '.'];
  const output = await opa.run(args);
  if (output.stopped !== null) return { tests: [], problems: [stopProblem('Running the tests', output, limits)] };
  const results = testsIn(output.stdout);
  if (results === null) return { tests: [], problems: errorsIn(output).map(({ code, message }) => errorAt(NOWHERE, code, message)) };
  const traces = await traceFailures(opa, args, results);
  const judged = results.map((test) => ({ test, result: resultOf(test, traces.get(nameOf(test)) ?? [], files, limits) }));
  return {
    tests: judged.filter(({ test }) => test.skip !== true).map(({ result }) => result).sort((a, b) => (a.file === b.file ? (a.name < b.name ? -1 : 1) : a.file < b.file ? -1 : 1)),
    problems: judged.flatMap(({ test, result }) => problemOf(test, result)),
  };
}

/**
 * Which expression of each failed test did not hold, and the values in it. In a run of their own, because a trace of a test that does not
 * end fills all memory; where it does not come to its end, it is enough that they failed.
 */
async function traceFailures(opa: Opa, args: readonly string[], results: readonly OpaTest[]): Promise<Map<string, readonly TraceEvent[]>> {
  const failed = results.filter(({ fail }) => fail === true).slice(0, MAX_TRACED);
  if (failed.length === 0) return new Map();
  const output = await opa.run([...args, '--var-values', '--run', `^(${failed.map((test) => nameOf(test).replaceAll('.', '\\.')).join('|')})$`]);
  const traced = output.stopped === null ? testsIn(output.stdout) : null;
  return new Map((traced ?? []).map((test) => [nameOf(test), test.trace ?? []]));
}

function nameOf({ package: name, name: test }: OpaTest): string {
  return `${name}.${test}`;
}

/** Without any test opa prints nothing or null. */
function testsIn(stdout: string): readonly OpaTest[] | null {
  if (stdout.trim() === '') return [];
  const printed = JSON.parse(stdout) as unknown;
  return printed === null ? [] : Array.isArray(printed) ? printed as readonly OpaTest[] : null;
}

function resultOf(test: OpaTest, trace: readonly TraceEvent[], files: ReadonlyMap<string, string>, limits: CompileLimits): TestResult {
  const common = { name: test.name, file: test.location.file, duration_us: Math.round(test.duration / 1000) };
  if (test.fail !== true && test.error === undefined) return { ...common, passed: true };
  if (test.error !== undefined) {
    const message = test.error.code === 'eval_cancel_error' ? `It did not end within ${limits.test_ms / 1000} s.` : test.error.message;
    return { ...common, passed: false, failed_at: test.location.row, message };
  }
  const failure = readFailure(trace, test.location.file, files);
  return { ...common, passed: false, failed_at: failure?.line ?? test.location.row, ...(failure === null ? {} : { message: failure.message }) };
}

function problemOf(test: OpaTest, { name, file, passed, failed_at: line = 1, message }: TestResult): FoundProblem[] {
  if (test.skip === true) return [warningAt({ file, line: test.location.row, column: 1 }, 'test_skipped', `The test ${name} is not run.`, 'Name it test_... once it is to hold.')];
  if (passed) return [];
  return [errorAt({ file, line, column: 1 }, 'test_failed', `The test ${name} failed.${message === undefined ? '' : ` ${message}`}`)];
}
