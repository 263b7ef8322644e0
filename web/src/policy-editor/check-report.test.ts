import { describe, expect, it } from 'vitest';
import { errorsByFile, problemsOf, reportOfLayer, summaryOf, untestedFiles, type CheckReport } from './check-report.ts';

const report = (parts: Partial<CheckReport>): CheckReport => ({ ok: true, problems: [], formatted: {}, tests: [], coverage: null, rules: {}, reads: [], opa_version: '1', took_ms: 1, ...parts });
const problem = (code: string, file: string, line: number, severity: 'error' | 'warning' = 'error'): CheckReport['problems'][number] => ({ code, severity, file, line, column: 1, text: '', message: code });
const test = (name: string, passed: boolean, failed_at?: number): CheckReport['tests'][number] => ({ name, file: 'a_test.rego', passed, duration_us: 1, ...(failed_at === undefined ? {} : { failed_at, message: 'why' }) });

describe('what a check found', () => {
  it('tests that failed are problems, at the line where they failed', () => {
    expect(problemsOf(report({ tests: [test('test_a', true), test('test_b', false, 7)] }))).toMatchObject([{ code: 'test_failed', file: 'a_test.rego', line: 7, fix: 'why', message: 'The test test_b failed' }]);
  });
  it('a failure that the compiler told of is not told twice', () => {
    expect(problemsOf(report({ problems: [problem('test_failed', 'a_test.rego', 7)], tests: [test('test_b', false, 7)] }))).toHaveLength(1);
  });
  it('errors are counted by file', () => expect([...errorsByFile([problem('x', 'a', 1), problem('y', 'a', 2), problem('w', 'b', 1, 'warning')])]).toEqual([['a', 2]]));
  it.each([
    [report({}), 'No problem'],
    [report({ tests: [test('a', true), test('b', true)] }), 'No problem; 2 of 2 tests passed'],
    [report({ problems: [problem('x', 'a', 1), problem('y', 'a', 1), problem('w', 'a', 1, 'warning')], tests: [test('a', true)] }), '2 errors, 1 warning; 1 of 1 tests passed'],
    [report({ tests: [test('b', false, 3)] }), '1 error; 0 of 1 tests passed'],
  ])('in short (%#)', (given, words) => expect(summaryOf(given)).toBe(words));
  it('lines without a test are of rules, not of tests', () => {
    const files = { 'a.rego': { covered: [[1, 2]], not_covered: [[3, 4]] }, 'a_test.rego': { covered: [], not_covered: [[1, 1]] }, 'b.rego': { covered: [[1, 1]], not_covered: [] } };
    expect(untestedFiles(report({ coverage: { percent: 50, files } }))).toEqual([{ path: 'a.rego', ranges: [[3, 4]] }]);
  });
});

it('files of the layer are named as they are in it, those of others by their paths in the bundle', () => {
  const own = reportOfLayer(report({
    problems: [problem('x', 'tenant/lists/a.rego', 1), problem('y', 'packs/itsm/itsm.rego', 2)], tests: [{ ...test('test_a', true), file: 'tenant/a_test.rego' }], formatted: { 'tenant/a.rego': 'a' },
    coverage: { percent: 50, files: { 'tenant/a.rego': { covered: [], not_covered: [[1, 1]] }, 'base/base.rego': { covered: [], not_covered: [[1, 9]] } } },
  }), 'tenant');
  expect(own.problems.map(({ file }) => file)).toEqual(['lists/a.rego', 'packs/itsm/itsm.rego']);
  expect([own.tests[0]?.file, own.formatted, Object.keys(own.coverage?.files ?? {})]).toEqual(['a_test.rego', { 'a.rego': 'a' }, ['a.rego']]);
});
